/// Texts of the functions that add up the codes at ternary weights: the portable ones of `CKernel`, in Swift.
extension SwiftKernel {
  /// The text of such a function; nil if it is another one.
  static func addition(_ kernel: CKernel) -> String? {
    switch kernel {
    case .places(let form): return placesText(form, name: name(kernel.name))
    case .planarPlaces(let form): return planarPlacesText(form, name: name(kernel.name))
    case .row(let form): return rowText(form, name: name(kernel.name))
    case .planes: return spreadPlanesText
    case .lanes(.portable, _): return lanesText(name(kernel.name), hasSteps: false)
    case .planarLanes(.portable, _, let hasSteps): return lanesText(name(kernel.name), hasSteps: hasSteps)
    case .surroundPlanes: return surroundPlanesText
    case .countBefore: return countBeforeText
    case .sparseLayer(let result, let form, .portable, let isProved):
      let lanes = CKernel.lanes(.portable, isProved: isProved)
      return sparseText(name(kernel.name), result, form, lanes: name(lanes.name))
    case .sparseDense(let result, let form): return sparseDenseText(name(kernel.name), result, form)
    case .planarLayer(let result, let form, .portable, let needs):
      return planarText(name(kernel.name), result, form, hasSteps: needs.hasSteps)
    default: return nil
    }
  }
}
