// Messages of Protocol Buffers, written and read as tables of their fields say. The encoding of the fields is the work
// of @bufbuild/protobuf, whose reader compares every length with the bytes that are there.

import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** The scalar types. "integer" is any integer type of up to 64 bits without zigzag, as a number: beyond 2^53 it is rounded. */
type ScalarName = "integer" | "float" | "double" | "text" | "bytes";

/** The type of a field: a scalar, or a message by the table of its fields. */
export type FieldType = ScalarName | MessageType;

export interface Field {
  readonly number: number;
  readonly type: FieldType;
  /** Whether the field is a list. */
  readonly isList: boolean;
}

export type MessageType = Readonly<Record<string, Field>>;

/** A message: undefined or a value for each field, or a list of values. */
export type Message = { readonly [field: string]: unknown };

export function one(number: number, type: FieldType): Field {
  return { number, type, isList: false };
}

export function list(number: number, type: FieldType): Field {
  return { number, type, isList: true };
}

interface Scalar {
  readonly wire: WireType;
  readonly write: (writer: BinaryWriter, value: never) => void;
  readonly read: (reader: BinaryReader) => unknown;
}

const SCALARS: Readonly<Record<ScalarName, Scalar>> = {
  integer: scalar<number>(
    WireType.Varint,
    (writer, value) => writer.int64(value),
    (reader) => Number(reader.int64()),
  ),
  float: scalar<number>(
    WireType.Bit32,
    (writer, value) => writer.float(value),
    (reader) => reader.float(),
  ),
  double: scalar<number>(
    WireType.Bit64,
    (writer, value) => writer.double(value),
    (reader) => reader.double(),
  ),
  text: scalar<string>(
    WireType.LengthDelimited,
    (writer, value) => writer.string(value),
    (reader) => reader.string(),
  ),
  bytes: scalar<Uint8Array>(
    WireType.LengthDelimited,
    (writer, value) => writer.bytes(value),
    (reader) => reader.bytes(),
  ),
};

function scalar<T>(
  wire: WireType,
  write: (writer: BinaryWriter, value: T) => void,
  read: (reader: BinaryReader) => T,
): Scalar {
  return { wire, write: write as Scalar["write"], read };
}

export function encode(type: MessageType, message: Message): Uint8Array {
  return write(new BinaryWriter(), type, message).finish();
}

function write(writer: BinaryWriter, type: MessageType, message: Message): BinaryWriter {
  for (const [name, field] of Object.entries(type)) {
    const value = message[name];
    if (value === undefined) continue;
    for (const each of field.isList ? (value as unknown[]) : [value]) writeField(writer, field, each);
  }
  return writer;
}

function writeField(writer: BinaryWriter, { number, type }: Field, value: unknown): void {
  if (typeof type === "string") {
    SCALARS[type].write(writer.tag(number, SCALARS[type].wire), value as never);
  } else {
    write(writer.tag(number, WireType.LengthDelimited).fork(), type, value as Message).join();
  }
}

/**
 * The message in `bytes`. Lists without elements are [], other fields that are missing are undefined. Unknown fields are
 * skipped.
 *
 * @throws an Error if the bytes are no such message.
 */
export function decode(type: MessageType, bytes: Uint8Array): Message {
  const message: Record<string, unknown> = {};
  for (const [name, { isList }] of Object.entries(type)) if (isList) message[name] = [];
  const names = new Map(Object.entries(type).map(([name, { number }]) => [number, name]));
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const name = names.get(number);
    if (name === undefined) reader.skip(wire, number);
    else readField(reader, wire, message, name, type[name]!);
  }
  if (reader.pos > reader.len) throw new RangeError("a field ends after its message");
  return message;
}

function readField(
  reader: BinaryReader,
  wire: WireType,
  message: Record<string, unknown>,
  name: string,
  { type, isList }: Field,
): void {
  const expected = typeof type === "string" ? SCALARS[type].wire : WireType.LengthDelimited;
  const isPacked = isList && wire === WireType.LengthDelimited && wire !== expected;
  if (wire !== expected && !isPacked) throw new Error(`the field ${name} has wire type ${wire}`);
  const values = isPacked ? readPacked(type as ScalarName, reader.bytes()) : [readValue(reader, type)];
  if (!isList) message[name] = values[0];
  else for (const value of values) (message[name] as unknown[]).push(value);
}

function readPacked(type: ScalarName, bytes: Uint8Array): unknown[] {
  const reader = new BinaryReader(bytes);
  const values: unknown[] = [];
  while (reader.pos < reader.len) values.push(SCALARS[type].read(reader));
  return values;
}

function readValue(reader: BinaryReader, type: FieldType): unknown {
  return typeof type === "string" ? SCALARS[type].read(reader) : decode(type, reader.bytes());
}
