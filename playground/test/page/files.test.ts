import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { hashParameters, loadNetwork } from "backprop-wasm";
import { fromOnnx, toC, toJavaScript } from "backprop-wasm/formats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ChromiumPages, chromiumPath } from "../support/chromiumPages.js";
import type { PlaygroundPage } from "../support/playgroundPage.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const IRIS = `${ROOT}examples/data/iris.csv`;

/** Drops a file on the page, as a user does from a folder. */
async function drop(playground: PlaygroundPage, name: string, content: string): Promise<void> {
  const transfer = await playground.page.evaluateHandle(
    ([file, text]) => {
      const data = new DataTransfer();
      data.items.add(new File([text], file, { type: "text/csv" }));
      return data;
    },
    [name, content] as const,
  );
  for (const type of ["dragover", "drop"]) {
    await playground.page.dispatchEvent("body", type, { dataTransfer: transfer });
  }
}

/** The bytes that a click on a button saves. */
async function saved(playground: PlaygroundPage, button: string): Promise<{ name: string; bytes: Buffer }> {
  const download = playground.page.waitForEvent("download");
  await playground.button(button).click();
  const file = await download;
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
}

/** What a program prints that Node runs in the root of the package, where it can import it. */
function runInNode(program: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, ["--input-type=module"], { cwd: ROOT }, (error, output) => {
      if (error) reject(error);
      else resolve(output);
    });
    child.stdin!.end(program);
  });
}

describe.skipIf(!chromiumPath)("files on the page", () => {
  let pages: ChromiumPages;

  beforeAll(async () => {
    pages = await ChromiumPages.start();
  });

  afterAll(() => pages?.close());

  async function trained(epochs: number): Promise<PlaygroundPage> {
    const playground = await pages.open();
    await playground.trainEpochs(epochs);
    return playground;
  }

  it("trains on a CSV file that is dropped, and on the target and the columns that are chosen", async () => {
    const playground = await pages.open();
    await drop(playground, "iris.csv", await readFile(IRIS, "utf8"));
    await playground.page.getByText("150 rows").waitFor();
    await playground.page.getByRole("table", { name: /Rows of validation/ }).waitFor();
    await playground.button("run").click();
    await playground.page.waitForFunction(
      () => Number(document.querySelector('[data-testid="metric"]')?.textContent) > 0.8,
    );
    await playground.button("pause").click();

    await playground.page.getByLabel("sepal length (cm)").uncheck();
    await playground.page.getByText("4 input").waitFor({ state: "hidden" });
    await playground.page.getByText("3 input").waitFor();
    await playground.button("target").selectOption("petal width (cm)");
    await playground.page.getByLabel(/Predictions against targets/).waitFor();
  });

  it("asks for the file of an address, and trains on it to the same hash", async () => {
    const csv = await readFile(IRIS, "utf8");
    const first = await pages.open();
    await drop(first, "iris.csv", csv);
    await first.page.getByText("150 rows").waitFor();
    await first.trainEpochs(3);
    const shared = await first.paused();
    await first.button("share").click();

    const second = await pages.openIn(await pages.browser.newContext(), new URL(first.page.url()).hash);
    await second.page.getByText('its file "iris.csv": drop that file here').waitFor();
    await drop(second, "renamed.csv", csv);
    await second.waitForEpochs(3);
    expect(await second.paused()).toEqual(shared);
  });

  it("says what is wrong with a file, and keeps what was trained", async () => {
    const playground = await trained(2);
    const before = await playground.paused();
    await drop(playground, "broken.csv", "a,b\n1,2\n3\n");
    expect(await playground.error()).toMatch(/Line 3 has 1 cell/);
    expect(await playground.paused()).toEqual(before);
    await playground.button("epoch").click();
    await playground.waitForEpochs(3);
  });

  it("says that a layer is too large, and keeps what was trained", async () => {
    const playground = await trained(2);
    const before = await playground.paused();
    await playground.page.getByLabel("Layer 1: units").fill("5000");
    await playground.page.getByLabel("Layer 1: units").press("Enter");
    expect(await playground.error()).toMatch(/units is 5000; expected an integer from 1 to 1024/);
    expect(await playground.paused()).toEqual(before);
    expect(await playground.page.getByLabel("Layer 1: units").inputValue()).toBe("8");
  });

  it("says that a network is too large, and keeps what was trained", async () => {
    const playground = await pages.open();
    for (const layer of [1, 2]) {
      await playground.page.getByLabel(`Layer ${layer}: units`).fill("1024");
      await playground.page.getByLabel(`Layer ${layer}: units`).press("Enter");
    }
    await playground.button("add-dense").click();
    await playground.page.getByText("1,060,881 parameters").waitFor();
    await playground.trainEpochs(1);
    const before = await playground.paused();
    await playground.page.getByLabel("Layer 3: units").fill("1024");
    await playground.page.getByLabel("Layer 3: units").press("Enter");
    expect(await playground.error()).toMatch(
      /^The network would have 2,103,297 parameters; expected at most 2,000,000\. /,
    );
    expect(await playground.paused()).toEqual(before);
    expect(await playground.page.getByLabel("Layer 3: units").inputValue()).toBe("8");
  });

  it("says that training diverged, and keeps the parameters before", async () => {
    const playground = await pages.open();
    await playground.chooseDataset("sine");
    await playground.page.getByLabel("Optimizer", { exact: true }).selectOption("sgd");
    await playground.page.getByLabel("Learning rate", { exact: true }).fill("10");
    await playground.page.getByLabel("Learning rate", { exact: true }).press("Enter");
    await playground.page.getByLabel("Layer 1: activation").selectOption("linear");
    await playground.page.getByLabel("Layer 2: activation").selectOption("linear");
    await playground.button("run").click();
    expect(await playground.error()).toMatch(/finite|diverge/i);
    expect((await playground.paused()).hash).toMatch(/^[0-9a-f]{64}$/);
    expect((await saved(playground, "export-safetensors")).bytes.length).toBeGreaterThan(100);
  });

  it("pauses, and shares nothing, while it asks for a file", async () => {
    const playground = await pages.open();
    await playground.button("run").click();
    await playground.waitForEpochs(1);
    await playground.chooseDataset("table");
    await playground.page.getByText("Choose a CSV file").waitFor();
    await playground.button("run").waitFor();
    expect(await playground.button("share").isDisabled()).toBe(true);
    await playground.chooseDataset("moons");
    await playground.page.getByText("after 0 epochs", { exact: true }).waitFor();
    expect(await playground.button("share").isEnabled()).toBe(true);
  });

  it("exports safetensors that the library loads, with the hash that the page shows", async () => {
    const playground = await trained(3);
    const { name, bytes } = await saved(playground, "export-safetensors");
    expect(name).toMatch(/\.safetensors$/);
    using network = await loadNetwork(bytes);
    expect(await hashParameters(network)).toBe((await playground.paused()).hash);
  });

  it("exports ONNX that the library reads", async () => {
    const playground = await trained(3);
    const { name, bytes } = await saved(playground, "export-onnx");
    expect(name).toMatch(/\.onnx$/);
    using network = await fromOnnx(bytes);
    expect(await hashParameters(network)).toBe((await playground.paused()).hash);
  });

  it.each([
    ["javascript", "predict.js", toJavaScript],
    ["c", "predict.h", toC],
  ] as const)("exports %s as the library writes it for the exported network", async (format, file, write) => {
    const playground = await trained(3);
    const { name, bytes } = await saved(playground, `export-${format}`);
    expect(name).toBe(file);
    using network = await loadNetwork((await saved(playground, "export-safetensors")).bytes);
    expect(bytes.toString()).toBe(write(network));
  });

  it("shows and saves the program that trains to the hash of the page in Node", async () => {
    const playground = await trained(4);
    await playground.button("export-program").click();
    const shown = await playground.page.waitForFunction(
      () => document.querySelector<HTMLTextAreaElement>('[data-testid="program"]')?.value,
    );
    const program = String(await shown.jsonValue());
    const { bytes } = await saved(playground, "save-program");
    expect(bytes.toString()).toBe(program);
    expect(await runInNode(program)).toBe(`${(await playground.paused()).hash}\n`);
  });

  it("saves the file of the digits beside the program that reads it", async () => {
    const playground = await pages.open();
    await playground.chooseDataset("digits");
    await playground.page.getByRole("table", { name: /Rows of validation/ }).waitFor();
    await playground.button("export-program").click();
    const download = playground.page.waitForEvent("download");
    await playground.page.getByRole("link", { name: "Save digits.csv" }).click();
    const file = await download;
    expect(file.suggestedFilename()).toBe("digits.csv");
    expect(await readFile(await file.path())).toEqual(await readFile(`${ROOT}examples/data/digits.csv`));
  });
});
