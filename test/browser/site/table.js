// A model of a CSV file, whose bits must be the same in Node and in a page. Both run this file.

import { readTable, trainTable } from "backprop-wasm/table";

const CITIES = ["Bern", "Oslo", "Rome", ""];

/** A file with numbers, gaps, texts and quotes. The logarithm of the price is learned. */
function createFile() {
  const rows = Array.from({ length: 200 }, (_, i) => {
    const [area, age] = [20 + ((i * 37) % 101), (i * 13) % 60];
    const price = area * 1.37 * (1 + (i % 4)) - age / 3;
    return `${area},${i % 9 === 0 ? "" : age},"${CITIES[i % 4]}",${price}\r\n`;
  });
  return new Blob(["area,age,city,price\r\n", ...rows]);
}

/** The model and its predictions, as text. */
export async function trainOnFile() {
  const table = await readTable(createFile());
  const options = {
    target: "price",
    task: "regression",
    log: true,
    encoding: "embedding",
    epochs: 20,
    seed: 3,
  };
  const model = await trainTable(table, options);
  const predictions = model.predict(table);
  model.network.dispose();
  return {
    model: JSON.stringify(model),
    predictions: predictions.join(" "),
    validation: JSON.stringify(model.validation),
  };
}
