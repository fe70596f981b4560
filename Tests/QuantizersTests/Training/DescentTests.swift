import Quantizers
import Tensors
import Testing

@Suite struct DescentTests {
  @Test("Steps along the gradients bring the values closer to what they should be", arguments: TrainingStep.names)
  func valuesApproachTheirTarget(name: String) throws {
    let target = TrainingStep.weights([4, 100], seed: 1).scalars.map { 3 * $0 }
    let start = TrainingStep.weights([4, 100], seed: 2)
    var step = TrainingStep(name, start, options: .init(gradientRule: .straightThrough))
    step.latent.scalars = start.scalars.map { 3 * $0 }
    step.state = TrainingStep(name, step.latent).state
    var losses: [Float] = []
    for iteration in 0...200 {
      step.progress.share = Float(iteration) / 200
      let differences = zip(step.forward(), target).map { $0 - $1 }
      losses.append(differences.reduce(0) { $0 + $1 * $1 })
      let (ofLatent, ofState) = step.backward(differences)
      for index in ofLatent.indices {
        step.latent.scalars[index] -= 0.05 * ofLatent[index]
        if let range = step.quantizer.latentRange {
          step.latent.scalars[index] = min(max(step.latent.scalars[index], range.lowerBound), range.upperBound)
        }
      }
      for (entry, gradients) in ofState.enumerated() where step.state[entry].isTrained {
        for index in gradients.indices { step.state[entry].values[index] -= 0.001 * gradients[index] }
      }
    }
    // One bit cannot come much closer, nor can weights half of which are frozen before the first step.
    let last = try #require(losses.last)
    #expect(last < 0.95 * losses[0], "\(losses[0]) before, \(last) after")
  }
}
