import ArgumentParser
import DeepChip

/// In how many patches the first layers of a network are computed.
enum PatchesArgument: ExpressibleByArgument {
  /// With the least RAM.
  case auto
  case count(Int)

  init?(argument: String) {
    if argument == "auto" {
      self = .auto
    } else {
      guard let count = Int(argument), (2...256).contains(count) else { return nil }
      self = .count(count)
    }
  }

  static let allValueStrings = ["auto", "2...256"]

  static let help = ArgumentHelp(
    "Compute the first layers in patches of rows, for less RAM and up to half as many products more: a number from 2 to "
      + "256, or auto for the one with the least RAM.", valueName: "count")

  var counts: [Int] {
    switch self {
    case .auto: Patching.counts
    case .count(let count): [count]
    }
  }
}
