import Foundation

/// Monotonic time.
public enum Clock {
  public static func nanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

/// What this process occupies.
public enum Memory {
  /// Most bytes that activations may take: three quarters of the machine's memory.
  public static var limit: Int { Int(clamping: ProcessInfo.processInfo.physicalMemory / 4 * 3) }

  /// Most bytes that weights may take before they stay coded: a fifth of the machine's memory.
  public static var weightLimit: Int { Int(clamping: ProcessInfo.processInfo.physicalMemory / 5) }

  /// Most memory so far, in KiB; 0 where the system does not say.
  public static func peakResidentKilobytes() -> Int { status("VmHWM:") }

  /// Memory now, in KiB; 0 where the system does not say.
  public static func residentKilobytes() -> Int { status("VmRSS:") }

  private static func status(_ key: String) -> Int {
    #if os(Linux)
      guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return 0 }
      for line in text.split(separator: "\n") where line.hasPrefix(key) {
        return line.split(separator: " ").compactMap { Int($0) }.first ?? line.split(whereSeparator: { !$0.isNumber })
          .compactMap { Int($0) }.first ?? 0
      }
      return 0
    #else
      var usage = rusage()
      getrusage(RUSAGE_SELF, &usage)
      return usage.ru_maxrss / 1024
    #endif
  }
}

/// The processor, for reports.
public enum Machine {
  /// The name that the system gives the processor.
  public static var processorName: String {
    #if os(Linux)
      if let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) {
        for line in text.split(separator: "\n") where line.hasPrefix("model name") {
          if let name = line.split(separator: ":", maxSplits: 1).last {
            return name.trimmingCharacters(in: .whitespaces)
          }
        }
      }
      return "unknown processor"
    #else
      var size = 0
      sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0)
      var name = [CChar](repeating: 0, count: max(size, 1))
      sysctlbyname("machdep.cpu.brand_string", &name, &size, nil, 0)
      return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    #endif
  }
}
