// Reads and writes the structs of structs.ts in linear memory, which is little-endian on every machine.

export type FieldType = "u8" | "i32" | "u32" | "u64" | "f32" | "f64";

export interface Struct {
  readonly size: number;
  readonly fields: Readonly<Record<string, { readonly offset: number; readonly type: FieldType }>>;
}

export type FieldName<S extends Struct> = keyof S["fields"] & string;

/** A bigint for u64, a number for all others: bool is 0 or 1, a pointer is an address, an enum is its number. */
export type FieldValue<S extends Struct, F extends FieldName<S>> = S["fields"][F] extends { type: "u64" }
  ? bigint
  : number;

export type FieldValues<S extends Struct> = { readonly [F in FieldName<S>]?: FieldValue<S, F> };

/** A Heap or a WebAssembly.Memory. Growing it replaces its buffer. */
export interface LinearMemory {
  readonly buffer: ArrayBufferLike;
}

/** A struct at an address of linear memory. Stays valid when the memory grows. */
export class StructView<S extends Struct> {
  readonly address: number;
  readonly #struct: S;
  readonly #memory: LinearMemory;
  #buffer: ArrayBufferLike;
  #view: DataView;

  /** @throws RangeError if the struct would end past the end of the memory. */
  constructor(struct: S, memory: LinearMemory, address: number) {
    this.address = address;
    this.#struct = struct;
    this.#memory = memory;
    this.#buffer = memory.buffer;
    this.#view = new DataView(this.#buffer, address, struct.size);
  }

  get<F extends FieldName<S>>(field: F): FieldValue<S, F> {
    const { offset, type } = this.#struct.fields[field]!;
    return read(this.#currentView(), offset, type) as FieldValue<S, F>;
  }

  /** Writes the given fields; the others keep their values. */
  set(values: FieldValues<S>): void {
    const view = this.#currentView();
    for (const field in values) {
      const { offset, type } = this.#struct.fields[field]!;
      write(view, offset, type, values[field] as number | bigint);
    }
  }

  /** Created again only after the memory has grown: creating a DataView costs more than an access. */
  #currentView(): DataView {
    const { buffer } = this.#memory;
    if (buffer !== this.#buffer) {
      this.#buffer = buffer;
      this.#view = new DataView(buffer, this.address, this.#struct.size);
    }
    return this.#view;
  }
}

function read(view: DataView, offset: number, type: FieldType): number | bigint {
  switch (type) {
    case "u8":
      return view.getUint8(offset);
    case "i32":
      return view.getInt32(offset, true);
    case "u32":
      return view.getUint32(offset, true);
    case "u64":
      return view.getBigUint64(offset, true);
    case "f32":
      return view.getFloat32(offset, true);
    case "f64":
      return view.getFloat64(offset, true);
  }
}

function write(view: DataView, offset: number, type: FieldType, value: number | bigint): void {
  switch (type) {
    case "u8":
      view.setUint8(offset, value as number);
      break;
    case "i32":
      view.setInt32(offset, value as number, true);
      break;
    case "u32":
      view.setUint32(offset, value as number, true);
      break;
    case "u64":
      view.setBigUint64(offset, value as bigint, true);
      break;
    case "f32":
      view.setFloat32(offset, value as number, true);
      break;
    case "f64":
      view.setFloat64(offset, value as number, true);
      break;
  }
}
