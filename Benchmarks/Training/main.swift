import DeepChip
import Foundation
import Passes
import Training

// Steps of training a classifier on random pictures, a block of them for each line on standard input: the time of a block
// goes to standard output, so that another program can take turns with it.
//
//     yes | head -10 | training-benchmark resnet20.onnx [batch] [threads] [steps] [float32|bfloat16]

let arguments = CommandLine.arguments
guard arguments.count > 1 else {
  print(
    "training-benchmark MODEL.onnx [batch] [threads] [steps] [float32|bfloat16]: seconds of each block of steps, one a line of input"
  )
  exit(2)
}
let numbers = arguments.dropFirst(2).compactMap { Int($0) }
let batch = numbers.first ?? 128
let threads = numbers.dropFirst().first ?? 1
let steps = numbers.dropFirst(2).first ?? 4

let graph = try Model(contentsOf: URL(fileURLWithPath: arguments[1])).graph.simplified(by: Pass.training)
let shape = try graph[graph.inputs[0]].type.shape(batch: batch)
var random = SplitMix64(seed: 1)
let items = try LabeledItems(
  inputs: Tensor(shape: shape, scalars: (0..<shape.elementCount).map { _ in Float.random(in: -1...1, using: &random) }),
  labels: (0..<batch).map { $0 % 10 })
let trainer = try Trainer(
  graph, items: items,
  recipe: Recipe(
    batchSize: batch, epochs: 1 << 20, schedule: LearningRateSchedule(peak: 0.01, shape: .constant),
    precision: arguments.last.flatMap(TrainingPrecision.init) ?? .float32),
  threads: threads)
_ = try trainer.runStep()
FileHandle.standardError.write(Data("\(trainer.network.byteCount / 1_000_000) MB\n".utf8))
while readLine() != nil {
  let time = try ContinuousClock().measure { for _ in 0..<steps { _ = try trainer.runStep() } }
  print(time / .seconds(1))
  fflush(nil)
}
