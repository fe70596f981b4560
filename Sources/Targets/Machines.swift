extension Target {
  /// WebAssembly, wherever it runs.
  public static let wasm = Target(
    name: "wasm", title: "WebAssembly", core: .wasm32, flashByteCount: nil, ramByteCount: 4 << 30, clockHertz: nil,
    cycles: nil, energy: nil,
    sources: [Source("4 GiB of memory", "WebAssembly Core Specification 1.0: 65,536 pages of 64 KiB")])

  /// The machine that the command runs on.
  public static let host = Target(
    name: "host", title: "this machine", core: .host, flashByteCount: nil, ramByteCount: nil, clockHertz: nil,
    cycles: nil, energy: nil, sources: [])
}
