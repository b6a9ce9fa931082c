// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

/// Rooms that tests spend their time in are optimized in debug builds too.
let fast = settings + [.unsafeFlags(["-O"], .when(configuration: .debug))]

let package = Package(
  name: "tally",
  platforms: [.macOS(.v15)],
  targets: [
    .target(name: "Symbolic", swiftSettings: fast),
    .target(name: "JSON", swiftSettings: fast),
    .target(name: "Wording", swiftSettings: settings),
    // The files in which weights are stored; it knows nothing of models.
    .target(name: "Checkpoints", dependencies: ["JSON"], swiftSettings: settings),
    .target(name: "Arguments", dependencies: ["Symbolic", "Wording"], swiftSettings: settings),
    // Line charts, scatters and heat maps as SVG.
    .target(name: "Charts", swiftSettings: settings),
    .target(name: "Architecture", dependencies: ["Symbolic"], swiftSettings: fast),
    .target(
      name: "Accounting", dependencies: ["Architecture", "Symbolic"], swiftSettings: fast),
    // The inner loops of fast kernels; everything around them is Swift.
    .target(name: "CKernels"),
    // The place in the program where a release writes its commit.
    .target(name: "CStamp"),
    .target(name: "Kernels", dependencies: ["CKernels"], swiftSettings: fast),
    .target(
      name: "Reference", dependencies: ["Architecture", "Kernels", "Symbolic"],
      swiftSettings: fast),
    // The files in which other tools write what they measured; it knows nothing of models.
    .target(name: "Measurements", dependencies: ["JSON", "Symbolic"], swiftSettings: settings),
    // Where the two witnesses meet: what was executed, and what the formulas say.
    .target(
      name: "Validation",
      dependencies: ["Accounting", "Architecture", "Measurements", "Reference", "Symbolic"],
      swiftSettings: settings),
    .target(
      name: "Families", dependencies: ["Architecture", "JSON", "Symbolic", "Wording"],
      swiftSettings: fast),
    // The folder `presets` is compiled into this target, so that the tool works from anywhere.
    .target(
      name: "Presets", dependencies: ["JSON"], path: ".",
      exclude: [".ci", ".gitignore", ".swift-format", "README.md", "Tests", "docs"]
        + [
          "Accounting", "Architecture", "Arguments", "CKernels", "CStamp", "Charts", "Checkpoints",
          "Families", "JSON", "Kernels", "Measurements",
          "Publications", "Reference", "Sweeping", "Symbolic", "Validation", "Wording", "tally",
        ].map { "Sources/\($0)" },
      sources: ["Sources/Presets"], resources: [.embedInCode("presets")], swiftSettings: settings),
    .target(
      name: "Publications",
      dependencies: ["Accounting", "Architecture", "Families", "JSON", "Presets", "Symbolic"],
      swiftSettings: settings),
    // Many points of a design at once: grids, programs, what is solved for, frontiers.
    .target(
      name: "Sweeping",
      dependencies: ["Accounting", "Architecture", "Kernels", "Symbolic", "Wording"],
      swiftSettings: fast),
    .executableTarget(
      name: "tally",
      dependencies: [
        "Accounting", "Architecture", "Arguments", "CStamp", "Charts", "Checkpoints", "Families",
        "JSON", "Kernels", "Measurements", "Presets", "Publications", "Reference", "Sweeping",
        "Symbolic", "Validation", "Wording",
      ], swiftSettings: settings),
    .executableTarget(
      name: "benchmark",
      dependencies: ["Families", "JSON", "Kernels", "Presets", "Reference"],
      path: "Tests/Benchmarks/Runner", swiftSettings: settings),
    .target(
      name: "TestSupport", dependencies: ["Symbolic"], path: "Tests/TestSupport",
      swiftSettings: settings),
    .testTarget(
      name: "AccountingTests",
      dependencies: ["Accounting", "Architecture", "Families", "JSON", "Symbolic", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "AgreementTests",
      dependencies: [
        "Accounting", "Architecture", "Families", "JSON", "Presets", "Publications", "Reference",
        "Symbolic", "TestSupport", "Validation",
      ], exclude: ["elementwise-open.txt"], swiftSettings: settings),
    .testTarget(
      name: "ArchitectureTests",
      dependencies: ["Architecture", "Families", "JSON", "Presets", "Symbolic"],
      swiftSettings: settings),
    .testTarget(name: "ArgumentsTests", dependencies: ["Arguments"], swiftSettings: settings),
    .testTarget(
      name: "CheckpointsTests", dependencies: ["Checkpoints", "JSON"], swiftSettings: settings),
    .testTarget(name: "ChartsTests", dependencies: ["Charts"], swiftSettings: settings),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "Accounting", "Arguments", "Families", "JSON", "Presets", "Symbolic", "tally",
      ],
      exclude: ["Expected"], swiftSettings: settings),
    .testTarget(
      name: "FamiliesTests",
      dependencies: ["Accounting", "Architecture", "Families", "JSON", "Symbolic"],
      swiftSettings: settings),
    .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: settings),
    .testTarget(name: "KernelsTests", dependencies: ["Kernels"], swiftSettings: settings),
    // The answers of checkpoints beside those of another library.
    .testTarget(
      name: "ParityTests",
      dependencies: [
        "Accounting", "Architecture", "Checkpoints", "JSON", "Presets", "Families", "Reference",
        "Validation", "tally",
      ], exclude: ["open.txt"], swiftSettings: settings),
    .testTarget(
      name: "PresetsTests", dependencies: ["JSON", "Presets"], swiftSettings: settings),
    .testTarget(
      name: "ReferenceTests",
      dependencies: ["Architecture", "Families", "JSON", "Presets", "Reference"],
      swiftSettings: settings),
    .testTarget(
      name: "SweepingTests",
      dependencies: [
        "Accounting", "Architecture", "Families", "Presets", "Sweeping", "Symbolic", "TestSupport",
      ], swiftSettings: settings),
    .testTarget(
      name: "SymbolicTests", dependencies: ["Symbolic", "TestSupport"], swiftSettings: settings),
    .testTarget(name: "WordingTests", dependencies: ["Wording"], swiftSettings: settings),
  ]
)
