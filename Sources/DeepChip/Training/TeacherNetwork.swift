import Coding
import Foundation
import Graphs
import ModelFormat
import Runtime
import Tensors
import Training

/// A network from a file, asked about the inputs that a student sees, brought to its own size and numbers.
struct TeacherNetwork {
  private let file: String
  private let graph: Graph
  private let executor: Executor
  private let feeder: InputFeeder
  private let view: TeacherInputs

  /// - Parameters:
  ///   - file: .onnx, .tflite or .dchip.
  ///   - preprocessing: how the student's inputs are made.
  ///   - inputShape: of the student, with any batch.
  ///   - batchSize: of the student's steps.
  ///   - threads: that the teacher may use.
  /// - Throws: `Failure` and errors of the file where there is no such network, or it takes no inputs like the student's.
  init(_ file: String, preprocessing: Preprocessing, inputShape: Shape, batchSize: Int, threads: Int) throws {
    self.file = file
    let model = try Model(contentsOf: URL(fileURLWithPath: file))
    graph = model.packed.graph
    let own = model.packed.preprocessing
    feeder = try InputFeeder(graph, own ?? preprocessing)
    guard let id = graph.inputs.first, let shape = try? graph[id].type.shape(batch: 1) else {
      throw Failure(.badFile, "\(file.escapedForDisplay): the teacher's input is too large")
    }
    // It refuses sizes that are too large, so it comes before what is made for them.
    executor = try model.executor(batch: batchSize, threads: threads)
    view = try TeacherInputs(student: preprocessing, inputShape, teacher: own, shape)
  }

  /// Of what is in the files, in their order; nil if there are none, or one cannot be read, which is said where it is opened.
  static func checksum(of files: [String]) -> UInt64? {
    var writer = ByteWriter()
    for file in files {
      guard let data = try? Data(contentsOf: URL(fileURLWithPath: file), options: .mappedIfSafe) else { return nil }
      writer.uint64(data.withUnsafeBytes { Checksum.of($0) })
    }
    return files.isEmpty ? nil : Checksum.of(writer.bytes)
  }

  /// - Parameter inputs: as the student sees them, augmented.
  /// - Returns: the logits, `[n, K]`.
  func logits(_ inputs: Tensor<Float>) throws -> Tensor<Float> {
    let outputs = try executor.run([try feeder.encoded(view(inputs))])
    guard let output = outputs.first, let id = graph.outputs.first,
      let logits = try output.decoded(graph.outputEncoding(id)).asFloat32
    else { throw Failure(.usage, "--teacher \(file.escapedForDisplay): has no real output") }
    return logits
  }

  /// What several teachers say together: the means of their logits, which after softmax are the geometric means of what they
  /// hold for probable, at any temperature.
  ///
  /// - Parameter inputs: as the student sees them, augmented.
  /// - Throws: `Failure` where teachers differ in the number of their logits.
  /// - Source: Hinton, Vinyals, Dean, *Distilling the Knowledge in a Neural Network*, arXiv 1503.02531, section 1.
  static func logits(of teachers: [TeacherNetwork], _ inputs: Tensor<Float>) throws -> Tensor<Float> {
    guard let first = teachers.first else { throw Failure(.usage, "--teacher: there is none.") }
    var sum = try first.logits(inputs)
    for teacher in teachers.dropFirst() {
      let logits = try teacher.logits(inputs)
      guard logits.shape == sum.shape else {
        throw Failure(
          .usage,
          "--teacher \(teacher.file.escapedForDisplay): gives \(logits.shape), but "
            + "\(first.file.escapedForDisplay) \(sum.shape). Teachers have to know the same classes.")
      }
      for index in sum.scalars.indices { sum.scalars[index] += logits.scalars[index] }
    }
    guard teachers.count > 1 else { return sum }
    return sum.map { $0 / Float(teachers.count) }
  }
}
