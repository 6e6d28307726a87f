// The version of this program, as it is released.
import about from "../package.json" with { type: "json" };

export const agentVersion = about.version;
