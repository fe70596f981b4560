import ArgumentParser
import DeepChip
import Foundation
import Kernels

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Instruction sets, the kernels that will run, and a self-test of the arithmetic.")

  @Flag(help: "Print one JSON document.")
  var json = false

  private struct Document: Encodable {
    struct Set: Encodable {
      var name: String
      var isAvailable: Bool
      var selfTest: String
    }

    var schemaVersion = 1
    var processor: String
    var processorCount: Int
    var best: String
    var instructionSets: [Set]
    var kernels: [String]
  }

  func run() throws {
    var hasFailed = false
    var sets: [Document.Set] = []
    for set in InstructionSet.allCases {
      var verdict = "not available"
      if set.isAvailable {
        let defect = SelfTest.firstDefect(on: set)
        verdict = defect.map { "FAILED: \($0)" } ?? "equal to the definitions"
        hasFailed = hasFailed || defect != nil
      }
      sets.append(.init(name: "\(set.name)", isAvailable: set.isAvailable, selfTest: verdict))
    }
    let best = InstructionSet.best
    let document = Document(
      processor: Machine.processorName, processorCount: ProcessInfo.processInfo.activeProcessorCount,
      best: "\(best.name)", instructionSets: sets,
      kernels: KernelList.all.filter { $0.runsHere }.map(\.name))
    if json { try Console.json(document) } else { show(document) }
    if hasFailed {
      throw Failure(.failed, "the self-test found wrong results: do not trust this machine or this build; report it")
    }
  }

  private func show(_ document: Document) {
    Console.print("processor  \(document.processor), \(document.processorCount) threads")
    Console.print("")
    var table = Table([("instruction set", .left), ("self-test", .left)])
    for set in document.instructionSets {
      table.add([set.name + (set.name == document.best ? " *" : ""), set.selfTest])
    }
    Console.print(table.text)
    Console.print("* is used")
    Console.print("")
    Console.print("\(document.kernels.count) kernels run here:")
    Console.print(document.kernels.map { "  " + $0 }.joined(separator: "\n"))
  }
}
