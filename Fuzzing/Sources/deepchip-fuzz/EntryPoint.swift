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
