// The arguments that name one thing.
import * as Args from "@oclif/core/args";
import { VsError } from "@vstream/core/errors.ts";
import type { ErrorCode } from "@vstream/core/errors.ts";
import { isId } from "@vstream/core/ids.ts";

export const assetArgs = {
  id: idArg("asset", { notFound: "asset_not_found", all: "vsctl assets list" }),
};

export const taskArgs = {
  id: idArg("task", { notFound: "task_not_found", all: "vsctl tasks list" }),
};

export const tokenArgs = {
  id: idArg("token", { notFound: "token_not_found", all: "vsctl tokens list" }),
};

// `ignoreStdin`: a missing argument is a mistake, not a reason to wait for standard input.
export const nodeArgs = {
  node: Args.string({ required: true, ignoreStdin: true, description: "a node's name or id" }),
};

// What has not the form of an id is the id of nothing.
function idArg(kind: "asset" | "task" | "token", { notFound, all }: { notFound: ErrorCode; all: string }) {
  const parse = (text: string): Promise<string> => {
    if (isId(kind, text)) return Promise.resolve(text);
    return Promise.reject(new VsError(notFound, `there is no ${kind} "${text}"`, { hint: `See all: ${all}` }));
  };
  return Args.string({ required: true, ignoreStdin: true, description: `the ${kind}'s id`, parse });
}
