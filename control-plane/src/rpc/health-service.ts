// The health service that gRPC's own tools ask (grpc.health.v1). Written here, since the package for it reads its
// proto files from disk at run time, which a bundle does not have; its client is what the tests ask with.
import { status } from "@grpc/grpc-js";
import type {
  ServerWritableStream,
  ServiceDefinition,
  UntypedServiceImplementation,
  sendUnaryData,
} from "@grpc/grpc-js";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { statusError } from "./answered-call.ts";

const serving = { no: 2, yes: 1 };
/** Who watches longer is told to come again. */
const watcherLimit = 100;

interface Asked {
  readonly service: string;
}
interface Told {
  readonly status: number;
}

export interface HealthService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
  /** Tells those who watch, and ends their streams: the listener closes. */
  stop(): void;
}

/** @param names the services that are answered for, beside "" for the whole listener */
export function openHealth(names: readonly string[]): HealthService {
  const known = new Set(["", ...names]);
  const watchers = new Set<ServerWritableStream<Asked, Told>>();
  let current = serving.yes;
  return {
    definition,
    implementation: {
      check(call: { request: Asked }, callback: sendUnaryData<Told>) {
        if (known.has(call.request.service)) callback(null, { status: current });
        else callback(unknownService(call.request));
      },
      watch(call: ServerWritableStream<Asked, Told>) {
        if (!known.has(call.request.service)) call.emit("error", unknownService(call.request));
        else if (watchers.size >= watcherLimit) call.emit("error", tooMany());
        else {
          watchers.add(call);
          call.once("cancelled", () => watchers.delete(call));
          call.write({ status: current });
        }
      },
    },
    stop() {
      current = serving.no;
      for (const call of watchers) {
        call.write({ status: current });
        call.end();
      }
      watchers.clear();
    },
  };
}

function unknownService({ service }: Asked): Error {
  return statusError({ code: status.NOT_FOUND, details: `there is no service ${JSON.stringify(service)} here` });
}

function tooMany(): Error {
  return statusError({ code: status.RESOURCE_EXHAUSTED, details: "too many watch the health of this listener" });
}

const messages = {
  requestSerialize: ({ service }: Asked): Buffer => Buffer.from(new BinaryWriter().uint32(10).string(service).finish()),
  requestDeserialize: readAsked,
  responseSerialize: ({ status: value }: Told): Buffer =>
    Buffer.from(new BinaryWriter().uint32(8).int32(value).finish()),
  responseDeserialize: readTold,
};

const definition: ServiceDefinition = {
  check: { path: "/grpc.health.v1.Health/Check", requestStream: false, responseStream: false, ...messages },
  watch: { path: "/grpc.health.v1.Health/Watch", requestStream: false, responseStream: true, ...messages },
};

function readAsked(bytes: Buffer): Asked {
  const reader = new BinaryReader(bytes);
  let service = "";
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) service = reader.string();
    else reader.skip(wireType, field);
  }
  return { service };
}

function readTold(bytes: Buffer): Told {
  const reader = new BinaryReader(bytes);
  let value = 0;
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) value = reader.int32();
    else reader.skip(wireType, field);
  }
  return { status: value };
}
