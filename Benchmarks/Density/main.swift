import Foundation
import Reports

// Draws how much faster networks with zeros run than the fastest other engine runs them dense, over density, from rows
// that were measured in turns. The same rows give the same picture.
//
//     density-chart < Benchmarks/Density/rows.json > Documentation/speed-over-density.svg

/// Rows of measurements, with what is needed to repeat them.
struct Measurements: Decodable {
  struct Row: Decodable {
    var network: String
    /// Share of weights that are not zero, of the layers that were pruned; 1 for 8-bit weights.
    var density: Double
    var engine: String
    /// Of one image, batch 1, one thread.
    var microseconds: Double
  }

  var schemaVersion: Int
  var title: String
  var ours: String
  var rows: [Row]
}

func series(_ measurements: Measurements) -> [LineChart.Series] {
  var networks: [String] = []
  for row in measurements.rows where !networks.contains(row.network) { networks.append(row.network) }
  return networks.compactMap { network in
    let rows = measurements.rows.filter { $0.network == network }
    guard let fastest = rows.filter({ $0.engine != measurements.ours }).map(\.microseconds).min() else { return nil }
    let points = rows.filter { $0.engine == measurements.ours }.sorted { $0.density > $1.density }.map {
      LineChart.Point(x: 100 * (1 - $0.density), y: fastest / $0.microseconds)
    }
    return LineChart.Series(network, points)
  }
}

do {
  let input = FileHandle.standardInput.readDataToEndOfFile()
  let measurements = try JSONDecoder().decode(Measurements.self, from: input)
  guard measurements.schemaVersion == 1 else { throw CocoaError(.coderReadCorrupt) }
  // The fastest other engine is 1 by definition, at every density.
  let others = LineChart.Series("best int8 peer", [.init(x: 0, y: 1), .init(x: 95, y: 1)])
  let chart = LineChart(
    title: measurements.title, xLabel: "zeros in the pruned layers, %", yLabel: "times as fast",
    series: series(measurements) + [others])
  print(chart.svg)
} catch {
  let message = "density-chart: the rows are not as Benchmarks/Density/main.swift has them\n"
  FileHandle.standardError.write(Data(message.utf8))
  exit(3)
}
