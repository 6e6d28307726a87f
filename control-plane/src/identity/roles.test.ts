import assert from "node:assert/strict";
import { VsError } from "@vstream/core/errors.ts";
import { AdminServiceService } from "@vstream/proto/admin.ts";
import { checkRole, rolesOfCalls } from "./roles.ts";
import type { AdminCall } from "./roles.ts";

describe("roles", () => {
  it("have an entry for every call of the service, and for nothing else", () => {
    assert.deepEqual(Object.keys(rolesOfCalls).toSorted(), Object.keys(AdminServiceService).toSorted());
  });

  it("let an admin make every call, and nobody without a role any", () => {
    for (const call of Object.keys(rolesOfCalls) as AdminCall[]) {
      assert.doesNotThrow(() => {
        checkRole(call, "admin");
      });
      assert.throws(
        () => {
          checkRole(call, "");
        },
        (thrown) => thrown instanceof VsError && thrown.code === "forbidden",
      );
    }
  });
});
