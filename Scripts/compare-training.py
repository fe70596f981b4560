"""ResNet-20 in training, DeepChip against PyTorch on one machine, blocks of steps taking turns.

    python3 Scripts/compare-training.py .build/release/training-benchmark resnet20.onnx [batch] [threads] [steps] [blocks]

Prints images a second of the best block of each, and the ratio. PyTorch's network is the same one in channels_last.
"""
import subprocess, sys, time
import torch, torch.nn as nn, torch.nn.functional as F

program, model = sys.argv[1:3]
batch, threads, steps, blocks = [int(a) for a in sys.argv[3:7]] + [128, 1, 4, 10][len(sys.argv[3:7]):]
torch.set_num_threads(threads)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.c1, self.b1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.c2, self.b2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        self.stride, self.grow = stride, (outputs - inputs) // 2

    def forward(self, x):
        y = self.b2(self.c2(F.relu(self.b1(self.c1(x)))))
        if self.grow:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.grow, self.grow))
        return F.relu(x + y)


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
        sizes = [(16, 16, 1)] * 3 + [(16, 32, 2), (32, 32, 1), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 64, 1)]
        self.blocks = nn.Sequential(*[Block(*s) for s in sizes])
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


network = ResNet().to(memory_format=torch.channels_last)
optimizer = torch.optim.SGD(network.parameters(), 0.01, momentum=0.9, nesterov=True)
images = torch.rand(batch, 3, 32, 32).to(memory_format=torch.channels_last)
labels = torch.arange(batch) % 10


def block():
    start = time.perf_counter()
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(network(images), labels).backward()
        optimizer.step()
    return time.perf_counter() - start


ours = subprocess.Popen([program, model, str(batch), str(threads), str(steps)], stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE, text=True)
block()
times = ([], [])
for _ in range(blocks):
    times[0].append(block())
    ours.stdin.write("\n"), ours.stdin.flush()
    times[1].append(float(ours.stdout.readline()))
ours.stdin.close()
a, b = [batch * steps / min(t) for t in times]
print(f"PyTorch {a:.0f} images/s, DeepChip {b:.0f}, ratio {b / a:.3f} (best of {blocks} blocks of {steps} steps, "
      f"batch {batch}, {threads} thread(s))")
