import ArgumentParser
import DeepChip
import Foundation

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Layers, shapes, parameters, multiplications, bytes, density; unsupported operators, all at once.")

  @Argument(help: ArgumentHelp("The model: .onnx, .tflite or .dchip.", valueName: "model"), completion: .file())
  var model: String?

  @Flag(help: "List the foreign operators that can be imported, instead of a model.")
  var operators = false

  @OptionGroup var kernels: KernelOptions

  @Flag(help: "Print one JSON document.")
  var json = false

  func validate() throws {
    if model == nil && !operators { throw ValidationError("Give a model, or --operators.") }
  }

  func run() throws {
    if operators && model == nil { return try showOperators() }
    guard let model else { return }
    let url = URL(fileURLWithPath: model)
    let report: InspectionReport
    do {
      report = Inspection.report(try Model(contentsOf: url), kernelSelection: try kernels.selection())
    } catch let failure as Failure where failure.code == .unsupportedOperator {
      if json { try Console.json(Inspection.unsupported(url)) }
      throw failure
    }
    if json { return try Console.json(report) }
    show(report)
  }

  private struct OperatorList: Encodable {
    var schemaVersion = 1
    var onnx: [String]
    var tflite: [String]
  }

  private func showOperators() throws {
    let list = OperatorList(onnx: ONNXImporter.operatorNames, tflite: TFLiteImporter.operatorNames)
    if json { return try Console.json(list) }
    Console.print(Console.bold("ONNX (\(list.onnx.count))"))
    Console.print(list.onnx.joined(separator: " "))
    Console.print(Console.bold("TensorFlow Lite (\(list.tflite.count))"))
    Console.print(list.tflite.joined(separator: " "))
  }

  private func show(_ report: InspectionReport) {
    var table = Table([
      ("layer", .left), ("operator", .left), ("result", .left), ("parameters", .right), ("MAC", .right),
      ("bytes", .right), ("code", .left), ("bits", .right), ("entropy", .right), ("non-zero", .right),
    ])
    for layer in report.layers {
      table.add([
        String(layer.name.escapedForDisplay.prefix(32)), layer.operator,
        "\(layer.elementType) \(layer.shape.joined(separator: "x"))",
        layer.parameterCount == 0 ? "" : layer.parameterCount.grouped,
        layer.macCount == 0 ? "" : layer.macCount.grouped,
        (layer.codedByteCount ?? layer.byteCount) == 0 ? "" : (layer.codedByteCount ?? layer.byteCount).grouped,
        layer.weightCode ?? "", layer.bitsPerWeight.map { $0.digits(3) } ?? "",
        layer.entropyBitsPerWeight.map { $0.digits(3) } ?? "",
        layer.density.map(\.percent) ?? "",
      ])
    }
    Console.print(table.text)
    showChoices(report.layers.map { ($0.name, $0.choice) })
    Console.print("")
    Console.print("parameters   \(report.parameterCount.grouped)")
    Console.print("MAC          \(report.macCount.grouped)")
    let ratio = report.compressionRatio.digits(2)
    Console.print("file         \(report.byteCount.bytes)  (float32 \(report.float32ByteCount.bytes), ratio \(ratio))")
    if let sections = report.sections {
      Console.print("sections     " + sections.map { "\($0.name) \($0.byteCount.grouped)" }.joined(separator: ", "))
    }
    for code in report.weightCodes ?? [] {
      let bits = (Double(8 * code.byteCount) / Double(code.weightCount)).digits(3)
      let bound = (8 * code.entropyByteCount / Double(code.weightCount)).digits(3)
      Console.print(
        "code         \(code.name): \(code.byteCount.grouped) bytes, \(code.layerCount) layers, "
          + "\(code.weightCount.grouped) weights, \(bits) bits each (entropy \(bound))")
    }
    Console.print("non-zero     \(report.weightDensity.percent) of the weights")
    Console.print("activations  \(report.arenaByteCount.bytes) for a batch of one")
  }
}
