// Who may import whom. ARCHITECTURE.md tells why; every exception here has its reason beside it.
const programs = ["control-plane", "node-agent", "cli", "player"];
const tests = "(\\.test\\.ts$|-contract\\.ts$|\\.fixture\\.ts$|/src/testing/)";

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: "no-circles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-orphans",
      severity: "error",
      // Programs' first files and tests are started, not imported.
      from: {
        orphan: true,
        pathNot: [tests, "/main\\.ts$", "\\.d\\.ts$", "(^|/)(eslint\\.config|\\.dependency-cruiser)"],
      },
      to: {},
    },
    {
      name: "no-such-module",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "no-rooms-called-utils",
      severity: "error",
      from: {},
      to: { path: "(^|/)(utils?|helpers?|common|misc)(/|\\.ts$)", pathNot: "node_modules" },
    },
    ...programs.map((program) => ({
      name: `${program}-imports-no-other-program`,
      severity: "error",
      from: { path: `^${program}/` },
      to: {
        path: `^(${programs.filter((other) => other !== program).join("|")})/`,
      },
    })),
    {
      name: "core-imports-nobody",
      severity: "error",
      from: { path: "^core/" },
      to: { path: `^(${[...programs, "authoring", "proto", "test"].join("|")})/` },
    },
    {
      name: "programs-import-no-tests",
      severity: "error",
      from: { path: `^(${[...programs, "core", "authoring"].join("|")})/`, pathNot: tests },
      to: { path: `^test/|${tests}` },
    },
    {
      name: "planning-is-pure",
      severity: "error",
      from: { path: "^control-plane/src/planning/", pathNot: tests },
      to: {
        // Records are the words of the catalog, without behaviour.
        pathNot: [
          "^control-plane/src/planning/",
          "^control-plane/src/catalog/records\\.ts$",
          "^core/src/(ids|errors|media|toolchain|peak-rate|target-duration)\\.ts$",
        ],
      },
    },
    {
      name: "authoring-is-pure",
      severity: "error",
      from: { path: "^authoring/", pathNot: tests },
      to: { pathNot: ["^authoring/", "^core/src/(map-bounded|peak-rate)\\.ts$", "node_modules/zod/"] },
    },
    {
      name: "packaging-is-pure",
      severity: "error",
      from: { path: "^node-agent/src/packaging/", pathNot: tests },
      to: {
        pathNot: [
          "^node-agent/src/packaging/",
          "^core/src/(ids|errors|media|peak-rate|target-duration|subtitle-file)\\.ts$",
        ],
      },
    },
    {
      name: "generated-types-stop-at-the-edge",
      severity: "error",
      from: {
        pathNot: [
          "^(control-plane|node-agent)/src/rpc/",
          "^cli/src/(control-client|wire)\\.ts$",
          "^proto/",
          tests,
          "^test/",
        ],
      },
      to: { path: "^proto/" },
    },
    {
      name: "sql-only-in-catalog",
      severity: "error",
      from: { pathNot: "^control-plane/src/catalog/" },
      to: { path: "node_modules/(better-sqlite3|kysely|pg)/" },
    },
    {
      name: "child-processes-only-in-media",
      severity: "error",
      from: { path: "^node-agent/src/", pathNot: ["^node-agent/src/media/", tests] },
      to: { path: ["^(node:)?child_process$", "node_modules/fluent-ffmpeg/"] },
    },
    {
      name: "fluent-ffmpeg-in-one-file",
      severity: "error",
      from: { pathNot: "^node-agent/src/media/run-ffmpeg\\.ts$" },
      to: { path: "node_modules/(@types/)?fluent-ffmpeg/" },
    },
    {
      name: "disk-only-in-the-store",
      severity: "error",
      from: {
        path: "^node-agent/src/",
        pathNot: [
          "^node-agent/src/store/",
          // Folders that an operator puts sources into are not the store's.
          "^node-agent/src/watch-folder/",
          // Keys and certificates are not media, and live in a folder of their own.
          "^node-agent/src/identity/",
          // tus writes incoming bytes to the store's upload folder through its own file store.
          "^node-agent/src/serving/(receive-upload|upload-files)\\.ts$",
          // The player's built files are read once at start.
          "^node-agent/src/(player-folder|serving/player-files)\\.ts$",
          // What ffmpeg reads and writes stands in a scratch folder that the store gave.
          "^node-agent/src/media/local-files\\.ts$",
          // A source's blocks are checked in the very file that ffmpeg is then given, which the store has named.
          "^node-agent/src/replicate/own-source\\.ts$",
          // The join token may be given as a file, and so may keys and authorities for the fetching of sources.
          "^node-agent/src/(config|source-config)\\.ts$",
          tests,
        ],
      },
      to: { path: ["^(node:)?fs(/promises)?$", "node_modules/@tus/file-store/"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    builtInModules: { add: [] },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      extensions: [".ts", ".js", ".cjs", ".mjs", ".json"],
    },
  },
};
