// grpc-js calls as promises, for tests.
import type { ServiceError } from "@grpc/grpc-js";
import { VsError } from "@vstream/core/errors.ts";
import { fromServiceError } from "@vstream/core/grpc.ts";

type Callback<Response> = (error: ServiceError | null, response: Response) => void;

/** @throws VsError what the service answered with */
export async function asked<Response>(call: (callback: Callback<Response>) => unknown): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  call((error, response) => {
    if (error === null) resolve(response);
    else reject(fromServiceError(error));
  });
  return await promise;
}

export function withCode(code: string): (thrown: unknown) => boolean {
  return (thrown) => {
    if (thrown instanceof VsError && thrown.code === code) return true;
    throw thrown;
  };
}
