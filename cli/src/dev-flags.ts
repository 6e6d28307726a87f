// What the `vsctl dev` commands take.
import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";

export const devFlags = {
  dir: Flags.string({ description: "folder of the local cluster", helpValue: "D" }),
};

export const devArgs = {
  name: Args.string({ required: true, ignoreStdin: true, description: '"control", or a node\'s name' }),
};
