import ArgumentParser
import DeepChip
import Foundation

/// A model file named on the command line.
struct ModelArgument: ParsableArguments {
  @Argument(help: ArgumentHelp("The model: .onnx, .tflite or .dchip.", valueName: "model"), completion: .file())
  var model: String

  var url: URL { URL(fileURLWithPath: model) }
}

/// How pictures become inputs; stored in packed files, and otherwise to be given.
struct PreprocessingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Factor on a pixel byte, such as 1/255 (the default).", valueName: "number"))
  var scale: Fraction?

  @Option(help: ArgumentHelp("Subtracted after scaling: one number, or one per channel.", valueName: "numbers"))
  var mean: NumberList?

  @Option(help: ArgumentHelp("Divisor after that: one number, or one per channel.", valueName: "numbers"))
  var std: NumberList?

  @Option(help: "Order of color channels: rgb or bgr.")
  var channels: ChannelOrder?

  @Option(help: ArgumentHelp("Bring the shorter side to this many pixels first.", valueName: "pixels"))
  var resize: Int?

  @Option(help: ArgumentHelp("Cut this many rows and columns from the center.", valueName: "rows[xcolumns]"))
  var crop: Extents?

  @Option(help: "Axes of the input: planar ([N, C, H, W]) or interleaved ([N, H, W, C]).")
  var layout: Layout?

  enum ChannelOrder: String, ExpressibleByArgument, CaseIterable { case rgb, bgr }
  enum Layout: String, ExpressibleByArgument, CaseIterable { case planar, interleaved }

  /// What was given, on top of `stored`; nil if nothing was given and nothing is stored.
  ///
  /// - Parameter file: its format decides the default layout: TensorFlow Lite keeps channels last.
  func preprocessing(for file: URL, over stored: Preprocessing? = nil) -> Preprocessing {
    var result = stored ?? Preprocessing()
    if stored == nil && file.pathExtension.lowercased() == "tflite" { result.layout = .interleaved }
    if let scale { result.scale = scale.value }
    if let mean { result.mean = mean.values }
    if let std { result.std = std.values }
    if result.mean.count == 1 && result.std.count > 1 {
      result.mean = [Float](repeating: result.mean[0], count: result.std.count)
    }
    if result.std.count == 1 && result.mean.count > 1 {
      result.std = [Float](repeating: result.std[0], count: result.mean.count)
    }
    if let channels { result.channelOrder = channels == .rgb ? .rgb : .bgr }
    if let layout { result.layout = layout == .planar ? .planar : .interleaved }
    if let resize { result.resize = resize }
    if let crop { result.crop = crop.values }
    return result
  }

  var isGiven: Bool {
    scale != nil || mean != nil || std != nil || channels != nil || resize != nil || crop != nil || layout != nil
  }

  func validate() throws {
    if let resize, resize < 1 { throw ValidationError("--resize is at least 1, not \(resize).") }
    if let mean, let std, mean.values.count != std.values.count, mean.values.count > 1, std.values.count > 1 {
      throw ValidationError("--mean has \(mean.values.count) numbers and --std \(std.values.count). Give as many.")
    }
  }
}

/// A number, or a quotient such as 1/255.
struct Fraction: ExpressibleByArgument {
  var value: Float

  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Float($0) }
    switch parts.count {
    case 1:
      guard let number = parts[0], number.isFinite else { return nil }
      value = number
    case 2:
      guard let above = parts[0], let below = parts[1], (above / below).isFinite else { return nil }
      value = above / below
    default: return nil
    }
  }
}

/// Numbers separated by commas or blanks.
struct NumberList: ExpressibleByArgument {
  var values: [Float]

  init?(argument: String) {
    let parts = argument.split(whereSeparator: { $0 == "," || $0 == " " })
    values = parts.compactMap { Fraction(argument: String($0))?.value }
    guard !values.isEmpty, values.count == parts.count else { return nil }
  }
}

/// `224` or `224x160`.
struct Extents: ExpressibleByArgument {
  var values: [Int]

  init?(argument: String) {
    let parts = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.allSatisfy({ ($0 ?? 0) >= 1 }), (1...2).contains(parts.count) else { return nil }
    let numbers = parts.compactMap { $0 }
    values = numbers.count == 1 ? [numbers[0], numbers[0]] : numbers
  }
}

/// Data to look at.
struct DataOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Data set: \(DataOptions.usages).", valueName: "data"))
  var data: String

  @Option(help: ArgumentHelp("Look at the first N items only.", valueName: "n"))
  var limit: Int?

  static var usages: String { DatasetKind.readable.map(\.usage).joined(separator: ", ") }

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is at least 1, not \(limit).") }
  }

  func dataset(_ split: Split) throws -> Dataset {
    let dataset = try DatasetSpecifier(data, kinds: DatasetKind.readable).load(split: split)
    if let note = dataset.note { Console.note("note: \(note)") }
    return dataset
  }

  /// The items to look at.
  func indices(_ dataset: Dataset) -> [Int] { Array(0..<min(limit ?? dataset.count, dataset.count)) }
}

/// How to run.
struct ExecutionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Threads.", valueName: "n"))
  var threads = 1

  @Option(help: ArgumentHelp("Items per run.", valueName: "n"))
  var batch: Int?

  func validate() throws {
    guard (1...256).contains(threads) else { throw ValidationError("--threads is 1 to 256, not \(threads).") }
    if let batch, !(1...65536).contains(batch) { throw ValidationError("--batch is 1 to 65536, not \(batch).") }
  }
}

extension CodePreference: ExpressibleByArgument {}
extension Split: ExpressibleByArgument {}
extension Evaluator.Backend: ExpressibleByArgument {}
