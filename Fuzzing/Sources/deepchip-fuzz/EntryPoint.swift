import Foundation

/// Named by the variable DEEPCHIP_FUZZ_TARGET.
private let target: Target = {
  let name = ProcessInfo.processInfo.environment["DEEPCHIP_FUZZ_TARGET"] ?? ""
  guard let target = Target(rawValue: name) else {
    print("DEEPCHIP_FUZZ_TARGET is one of: " + Target.allCases.map(\.rawValue).joined(separator: " "))
    exit(2)
  }
  return target
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target.run(UnsafeRawBufferPointer(start: start, count: count))
  return 0
}

/// libFuzzer's main loop.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Where the package manager's linker command begins a program; libFuzzer's own `main` has no such name.
@_cdecl("deepchip_fuzz_main")
public func fuzzMain(
  _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
  var (count, arguments) = (count, arguments)
  return runDriver(&count, &arguments) { testOneInput($0, $1) }
}
