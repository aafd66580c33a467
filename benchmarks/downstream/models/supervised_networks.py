"""Networks of the trained baselines: an MLP, ResNet18, and a convolutional spectrum network."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Mlp(nn.Sequential):
    """Multilayer perceptron: linear layers with ReLU and dropout (AstroCLIP's few-shot head has two
    hidden layers of 64 and dropout 0.1).
    """

    def __init__(
        self, n_in: int, n_out: int, hidden: tuple[int, ...] = (64, 64), dropout: float = 0.1
    ) -> None:
        layers: list[nn.Module] = []
        for width in hidden:
            layers += [nn.Linear(n_in, width), nn.ReLU(), nn.Dropout(dropout)]
            n_in = width
        super().__init__(*layers, nn.Linear(n_in, n_out))


class ResidualBlock(nn.Module):
    """Residual block of two 3 x 3 convolutions with a shortcut (He et al. 2016, figure 5, left)."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(n_out)
        self.second = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(n_out)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or n_in != n_out:
            convolution = nn.Conv2d(n_in, n_out, 1, stride, bias=False)
            self.shortcut = nn.Sequential(convolution, nn.BatchNorm2d(n_out))

    def forward(self, x: Tensor) -> Tensor:
        """(B, n_out, H / stride, W / stride) feature maps of the block, from feature maps (B, n_in,
        H, W).
        """
        y = functional.relu(self.first_norm(self.first(x)))
        out: Tensor = functional.relu(self.second_norm(self.second(y)) + self.shortcut(x))
        return out


class ResNet18(nn.Module):
    """ResNet18 (He et al. 2016, table 1) with a linear layer on its 512 averaged features."""

    def __init__(self, n_out: int, n_bands: int = 3) -> None:
        super().__init__()
        stem = [nn.Conv2d(n_bands, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
        blocks: list[nn.Module] = []
        n_in = 64
        for width, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
            blocks += [ResidualBlock(n_in, width, stride), ResidualBlock(width, width, 1)]
            n_in = width
        self.trunk = nn.Sequential(*stem, nn.MaxPool2d(3, 2, 1), *blocks)
        self.last = nn.Linear(512, n_out)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def features(self, images: Tensor) -> Tensor:
        """(B, 512) averaged features of images (B, bands, H, W)."""
        images = images.contiguous(memory_format=torch.channels_last)
        maps: Tensor = self.trunk(images)
        return maps.mean(dim=(2, 3))

    def forward(self, images: Tensor) -> Tensor:
        """(B, n_out) predictions for images (B, bands, H, W)."""
        out: Tensor = self.last(self.features(images))
        return out


class ConvAttention(nn.Module):
    """Spectrum network of four convolutions, softmax attention over wavelength, and an MLP (32,
    32).

    This is the supervised spectrum network of AstroCLIP's table, after the encoder of Spender
    (Melchior et al. 2023): channels 8, 16, 16, 32, kernels 5, 10, 20, 40, instance norm, PReLU,
    max-pooling. There is one difference: the pixels are asinh(flux / scale), and log10 of that
    scale is an input of the MLP, because networks train badly on raw fluxes of galaxies that
    differ much in brightness.
    """

    def __init__(self, n_out: int, pools: tuple[int, ...] = (5, 5, 2, 1)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        n_in = 1
        for width, kernel, pool in zip((8, 16, 16, 32), (5, 10, 20, 40), pools, strict=True):
            layers.append(nn.Conv1d(n_in, width, kernel, padding=kernel // 2))
            layers += [nn.InstanceNorm1d(width, affine=True), nn.PReLU(width)]
            layers += [nn.MaxPool1d(pool)] if pool > 1 else []
            n_in = width
        self.convolutions = nn.Sequential(*layers)
        self.mlp = Mlp(16 + 1, n_out, (32, 32), dropout=0.0)

    def forward(self, pixels: Tensor, log_scale: Tensor) -> Tensor:
        """(B, n_out) predictions for spectra given as asinh(flux / scale) (B, pixels) and log10 of
        the scales (B, 1).
        """
        maps = self.convolutions(pixels[:, None])
        values, logits = maps.chunk(2, dim=1)
        attended = (values * logits.softmax(dim=2)).sum(dim=2)
        out: Tensor = self.mlp(torch.cat([attended, log_scale], dim=1))
        return out
