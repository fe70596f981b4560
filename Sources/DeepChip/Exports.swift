// One import for programs that use all of DeepChip.
@_exported import Coding
@_exported import Compression
@_exported import Datasets
@_exported import Emission
@_exported import Graphs
@_exported import Interchange
@_exported import Measurements
@_exported import ModelFormat
@_exported import Networks
@_exported import Packing
@_exported import Quantizers
@_exported import Reference
@_exported import Reports
@_exported import Runtime
@_exported import Targets
@_exported import Tensors
@_exported import Training

@_exported import struct Kernels.KernelCosts
@_exported import enum Kernels.WeightedSumMethod
