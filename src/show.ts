// Values as text for messages.

/** The maximum number of characters of a value in a message. */
const MAX_LENGTH = 80;

/** The maximum number of characters of a reason. Those of a content security policy have up to 300. */
const MAX_REASON = 400;

/**
 * A value as text for a message, with quotes around strings. The text is short. Never throws, even if a getter or proxy
 * of the value does.
 */
export function show(value: unknown): string {
  try {
    return cut(textOf(value));
  } catch {
    return `a value of type ${typeof value} that cannot be read`;
  }
}

/** The message of a thrown error or text, without full stops at its end; any other value as `show`. */
export function reasonOf(thrown: unknown): string {
  try {
    const reason: unknown = thrown instanceof Error ? thrown.message : thrown;
    return typeof reason === "string" ? cut(reason, MAX_REASON).replace(/\.+$/, "") : show(reason);
  } catch {
    return show(thrown);
  }
}

function textOf(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(cut(value));
    case "bigint":
      return BigInt.asIntN(64, value) === value ? `${value}n` : "a bigint of more than 64 bits";
    case "function":
      return "a function";
    case "object":
      return value === null ? "null" : kindOf(value);
    default:
      return String(value);
  }
}

function kindOf(value: object): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const name: unknown = value.constructor?.name;
  if (typeof name === "string" && name !== "") return `an object (${name})`;
  const tag = Object.prototype.toString.call(value).slice("[object ".length, -1);
  return `an object (${tag === "Object" ? "no class" : tag})`;
}

function cut(text: string, length = MAX_LENGTH): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
