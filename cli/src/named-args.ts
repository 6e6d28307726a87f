// The arguments that name one thing.
import * as Args from "@oclif/core/args";

// `ignoreStdin`: a missing argument is a mistake, not a reason to wait for standard input.
export const assetArgs = {
  id: Args.string({ required: true, ignoreStdin: true, description: "an asset's id" }),
};

export const nodeArgs = {
  node: Args.string({ required: true, ignoreStdin: true, description: "a node's name or id" }),
};

export const taskArgs = {
  id: Args.string({ required: true, ignoreStdin: true, description: "a task's id" }),
};

export const tokenArgs = {
  id: Args.string({ required: true, ignoreStdin: true, description: "a token's id" }),
};
