import Foundation
import Graphs
import Interchange
import Tensors
import Testing

/// Broken files: a clean error that names the file, never a trap.
@Suite(.enabled(if: SharedData.has("conformance/malformed/manifest.tsv"))) struct ONNXMalformedTests {
  static let folder = SharedData.folder.appending(path: "conformance/malformed/cases")

  static var manifest: [[String]] { (try? SharedData.table("conformance/malformed/manifest.tsv")) ?? [] }

  @Test("A file is accepted, or refused with one line that names it and says what to do", arguments: manifest)
  func manifestHolds(row: [String]) throws {
    let url = Self.folder.appending(path: row[0])
    do throws(ImportError) {
      let graph = try ONNXImporter().graph(of: url)
      #expect(row[2] == "accept" || row[2] == "any")
      #expect(throws: Never.self) { try graph.validate() }
    } catch {
      #expect(row[2] != "accept")
      let message = error.description
      #expect(message.hasPrefix(row[0]))
      #expect(message.unicodeScalars.allSatisfy { $0.value >= 32 && $0.properties.generalCategory != .format })
      if row[1] != "inject" { #expect(!error.isUnsupported) }
    }
  }

  @Test("A file cut anywhere gives a clean error or a valid graph")
  func truncationIsClean() throws {
    let data = try Data(contentsOf: Self.folder.appending(path: "01_control_base.onnx"))
    for count in 0..<data.count { Self.check(data.prefix(count), "cut after \(count) bytes") }
  }

  @Test("A file with one bit turned gives a clean error or a valid graph", arguments: UInt64(0)..<4)
  func bitFlipsAreClean(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let data = try Data(contentsOf: Self.folder.appending(path: "01_control_base.onnx"))
    for _ in 0..<500 {
      let place = Int.random(in: 0..<data.count, using: &generator)
      let bit = Int.random(in: 0..<8, using: &generator)
      var damaged = data
      damaged[place] ^= 1 << UInt8(bit)
      Self.check(damaged, "bit \(bit) of byte \(place) turned")
    }
  }

  @Test("Shape arithmetic with one bit turned is as safe", arguments: UInt64(0)..<2)
  func bitFlipsInShapeArithmetic(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let cases = [
      "test_resize_downsample_scales_linear", "test_slice", "test_layer_normalization_2d_axis0_expanded",
      "test_gemm_transposeA", "test_split_variable_parts_1d_opset18", "test_range_float_type_positive_delta",
    ]
    let folder = SharedData.folder.appending(path: "conformance/onnx/cases")
    for name in cases {
      let url = folder.appending(path: "\(name)/model.onnx")
      guard let data = try? Data(contentsOf: url) else { continue }
      for _ in 0..<150 {
        var damaged = data
        let place = Int.random(in: 0..<data.count, using: &generator)
        damaged[place] = UInt8.random(in: 0...255, using: &generator)
        Self.check(damaged, "\(name): byte \(place) is \(damaged[place])")
      }
    }
  }

  private static func check(_ data: Data, _ what: String) {
    do throws(ImportError) {
      let graph = try ONNXImporter().graph(of: data, file: "damaged.onnx")
      #expect(throws: Never.self, "\(what)") { try graph.validate() }
    } catch {
      #expect(error.description.hasPrefix("damaged.onnx"), "\(what)")
    }
  }
}
