// Columns that hold JSON as text, with the type of what they hold, so that both engines keep the same text.
declare const content: unique symbol;

/** JSON text of a value of that type. */
export type Json<Value> = string & { readonly [content]: Value };

export function toJson<Value>(value: Value): Json<Value> {
  return JSON.stringify(value) as Json<Value>;
}

export function toJsonOrNull<Value>(value: Value | null): Json<Value> | null {
  return value === null ? null : toJson(value);
}

// What stands in a column was written by toJson: it is trusted.
export function fromJson<Value>(text: Json<Value>): Value {
  return JSON.parse(text) as Value;
}

export function fromJsonOrNull<Value>(text: Json<Value> | null): Value | null {
  return text === null ? null : fromJson(text);
}
