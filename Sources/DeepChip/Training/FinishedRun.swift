import Foundation
import Training

/// A run that is done, where another begins: its network with real weights, and the scales that its quantizers had learned.
struct FinishedRun {
  private let url: URL
  private let configuration: TrainingConfiguration

  /// - Returns: nil unless `url` holds a run.
  /// - Throws: `Failure` when it is not done, or its configuration is none.
  init?(_ url: URL) throws {
    guard RunFolder.holdsRun(url) else { return nil }
    self.url = url
    configuration = try RunFolder.configuration(url)
    guard FileManager.default.fileExists(atPath: network.path) else {
      throw Failure(
        .usage,
        "\(network.path.escapedForDisplay): is not there: that run is not at its end. Go on with it by --resume, and "
          + "begin after that.")
    }
  }

  /// The file with real weights.
  var network: URL { RunFolder.trained(url) }

  /// Hands the scales over to a run with the same quantizers; one with others begins with its own.
  ///
  /// - Throws: `Failure` where the last state cannot be read, or has other parameters.
  func handOverScales(to trainer: Trainer, of recipe: TrainingRecipe) throws {
    guard let quantization = recipe.quantization, quantization == configuration.recipe.quantization,
      let newest = try RunFolder.newestCheckpoint(in: url, of: configuration.checksum)
    else { return }
    do {
      try trainer.takeScales(of: newest.checkpoint.training)
    } catch {
      throw Failure(
        .usage,
        "\(url.path.escapedForDisplay): \(error) Begin with its weights alone: \(network.path.escapedForDisplay).")
    }
  }
}
