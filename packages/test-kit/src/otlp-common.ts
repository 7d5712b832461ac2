import protobuf from 'protobufjs';

export type AttributeValue = string | number | boolean | readonly AttributeValue[] | null;
export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface WireResource {
  readonly attributes: readonly WireKeyValue[];
}

export interface WireScope {
  readonly name: string;
}

export interface WireKeyValue {
  readonly key: string;
  readonly value: WireAnyValue | null;
}

type WireAnyValue =
  | { readonly value: 'stringValue'; readonly stringValue: string }
  | { readonly value: 'boolValue'; readonly boolValue: boolean }
  | { readonly value: 'intValue'; readonly intValue: string }
  | { readonly value: 'doubleValue'; readonly doubleValue: number }
  | { readonly value: 'arrayValue'; readonly arrayValue: { readonly values: readonly WireAnyValue[] } }
  | { readonly value?: undefined };

// The part of opentelemetry-proto 1.x (resource, common) that is looked at here; a decoder skips the fields that it does
// not know.
const common = `
  syntax = "proto3";
  message Resource { repeated KeyValue attributes = 1; }
  message InstrumentationScope { string name = 1; string version = 2; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue {
    oneof value {
      string string_value = 1;
      bool bool_value = 2;
      int64 int_value = 3;
      double double_value = 4;
      ArrayValue array_value = 5;
    }
  }
  message ArrayValue { repeated AnyValue values = 1; }
`;

/** A type of messages from a part of opentelemetry-proto that builds on resource and common. */
export function messageType(name: string, definitions: string): protobuf.Type {
  return protobuf.parse(`${common}${definitions}`).root.lookupType(name);
}

/** The message with every field there, 64-bit numbers as strings; throws when it is not one. */
export function decode(type: protobuf.Type, body: Uint8Array): unknown {
  return type.toObject(type.decode(body), {
    longs: String,
    defaults: true,
    arrays: true,
    objects: true,
    oneofs: true,
  });
}

export function attributesOf(pairs: readonly WireKeyValue[]): Attributes {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, attributeValue(value)]));
}

function attributeValue(value: WireAnyValue | null): AttributeValue {
  switch (value?.value) {
    case 'stringValue':
      return value.stringValue;
    case 'boolValue':
      return value.boolValue;
    case 'intValue':
      return Number(value.intValue);
    case 'doubleValue':
      return value.doubleValue;
    case 'arrayValue':
      return value.arrayValue.values.map(attributeValue);
    case undefined:
    default:
      return null;
  }
}
