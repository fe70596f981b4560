import ArgumentParser
import DeepChip

/// What becomes of coded weights when a model is run.
struct DecodingOptions: ParsableArguments {
  enum Way: String, ExpressibleByArgument, CaseIterable { case load, stream }

  @Option(
    help: ArgumentHelp(
      "Decode weights once (load), or in every run, some rows at a time (stream); by --weight-memory unless given."))
  var decode: Way?

  @Option(
    help: ArgumentHelp(
      "Keep so many weights coded that all take at most this, such as 256K; a fifth of the machine's memory by default.",
      valueName: "bytes"))
  var weightMemory: ByteCount?

  func validate() throws {
    if decode != nil && weightMemory != nil {
      throw ValidationError("--decode says what --weight-memory would choose: give one of them.")
    }
  }

  var decoding: WeightDecoding {
    switch decode {
    case .load: .load
    case .stream: .stream
    case nil: .budget(byteCount: weightMemory?.value ?? Memory.weightLimit)
    }
  }
}
