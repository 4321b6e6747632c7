"""Detectors, transformers and older classifiers of published tables: their names, weights and multiply-adds."""

from __future__ import annotations

from typing import Any

import pytest

from planner.inputs.image_models import image_model_named, image_models, network_of
from planner.perf.image_step.network import build

# million weights, 1e9 multiply-adds
TORCHVISION = {  # https://docs.pytorch.org/vision/stable/models.html
    "vit_b_32": (88.224, 4.41), "vit_l_32": (306.536, 15.38), "vit_h_14": (632.046, 167.29),
    "vgg11": (132.863, 7.61), "vgg13": (133.048, 11.31), "vgg19": (143.667, 19.63), "alexnet": (61.101, 0.71),
    "wide_resnet50_2": (68.883, 11.40), "wide_resnet101_2": (126.887, 22.75), "resnext101_32x8d": (88.791, 16.41),
    "inception_v3": (27.161, 5.71), "mobilenet_v3_large": (5.483, 0.217), "fcn_resnet50": (35.322, 152.72),
    "deeplabv3_resnet50": (42.004, 178.72), "swin_t": (28.288, 4.49), "swin_s": (49.606, 8.74),
    "swin_b": (87.768, 15.43),
}  # fmt: skip
ULTRALYTICS = {  # README of yolov5 (6.0 and later) and of ultralytics: FLOPs count a multiply-add twice
    "yolov5n": (1.87, 4.5 / 2), "yolov5s": (7.23, 16.5 / 2), "yolov5m": (21.2, 49.0 / 2),
    "yolov5l": (46.5, 109.1 / 2), "yolov5x": (86.7, 205.7 / 2), "yolov8n": (3.2, 8.7 / 2),
    "yolov8s": (11.2, 28.6 / 2), "yolov8m": (25.9, 78.9 / 2), "yolov8l": (43.7, 165.2 / 2),
    "yolov8x": (68.2, 257.8 / 2),
}  # fmt: skip


SEGFORMER = {  # Xie et al., arXiv 2105.15203, Table 1; B5 at 640 pixels
    "segformer_b0": (3.8, 8.4), "segformer_b1": (13.7, 15.9), "segformer_b2": (27.5, 62.4),
    "segformer_b3": (47.3, 79.0), "segformer_b4": (64.1, 95.7), "segformer_b5": (84.7, 183.3),
}  # fmt: skip


@pytest.mark.parametrize(("name", "published"), (TORCHVISION | ULTRALYTICS | SEGFORMER).items())
def test_counts_are_those_of_the_makers(name: str, published: tuple[float, float]) -> None:
    network = network_of(name)
    weights, macs = published
    assert network.parameters == pytest.approx(weights * 1e6, rel=0.015)
    assert network.forward_macs == pytest.approx(macs * 1e9, rel=0.01)


def test_yolov3_is_darknets_65_86_billion_at_416_pixels() -> None:
    network = build(image_models()["yolov3"].layers, 3, (416, 416))
    assert 2.0 * network.forward_macs == pytest.approx(65.86e9, rel=0.005)


# GitHub open-mmlab/mmdetection, model zoo (from memory): 1e9 multiply-adds at 1,280 x 800 and 1,000 regions
@pytest.mark.parametrize(
    ("name", "macs"),
    [
        ("faster_rcnn_resnet50", 207.07),
        ("faster_rcnn_resnet101", 283.14),
        ("retinanet_resnet50", 239.32),
        ("retinanet_resnet101", 315.39),
    ],
)
def test_detectors_are_those_of_the_model_zoo(name: str, macs: float) -> None:
    layers: list[dict[str, Any]] = [dict(layer) for layer in image_models()[name].layers]
    for layer in layers:
        if "regions" in layer:
            layer["regions"] = 1000
        if layer.get("number") == 512:
            layer["number"] = 1000
    network = build(layers, 3, (800, 1280))
    assert network.forward_macs == pytest.approx(macs * 1e9, rel=0.02)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("YOLOv5s", "yolov5s"), ("yolov5x", "yolov5x"), ("YOLOv5s6", None), ("YOLOv5l-seg", None),
        ("YOLOv8m", "yolov8m"), ("YOLO v8-n", "yolov8n"), ("YOLOv3", "yolov3"), ("YOLOv3-tiny", None),
        ("Faster R-CNN R50-FPN", "faster_rcnn_resnet50"), ("FasterRCNN-ResNet101-FPN", "faster_rcnn_resnet101"),
        ("Faster R-CNN R50-C4", None), ("Faster R-CNN X101-FPN", None), ("Mask R-CNN", "mask_rcnn_resnet50"),
        ("Mask R-CNN R101-FPN", "mask_rcnn_resnet101"), ("Cascade Mask R-CNN R50", None),
        ("RetinaNet", "retinanet_resnext50"), ("RetinaNet-R50", "retinanet_resnet50"),
        ("RetinaNet (ResNet-101)", "retinanet_resnet101"), ("RetinaNet ResNeXt50", "retinanet_resnext50"),
        ("DETR", "detr_resnet50"), ("DETR-R101", "detr_resnet101"), ("DETR-DC5-R50", None),
        ("Deformable DETR", "deformable_detr_resnet50"), ("RT-DETR", None), ("DAB-DETR", None),
        ("ViT-S/16", "vit_s_16"), ("deit_small_patch16_224", "vit_s_16"), ("DeiT-B", "vit_b_16"),
        ("vit_tiny_patch16_224", "vit_ti_16"), ("ViT-B/32", "vit_b_32"), ("ViT-B/16", "vit_b_16"),
        ("ViT-H/14", "vit_h_14"), ("ViT-L/16", "vit_l_16"), ("ViT-L/32", "vit_l_32"),
        ("vit_base_patch16_384", None), ("inception3", "inception_v3"), ("Inception-ResNet-v2", None),
        ("densenet121", "densenet121"), ("mobilenet_v3_large", "mobilenet_v3_large"), ("MobileNetV3-small", None),
        ("wide_resnet50_2", "wide_resnet50_2"), ("VGG-19", "vgg19"), ("vgg19_bn", None), ("AlexNet", "alexnet"),
        ("Swin-T", "swin_t"), ("swin_base_patch4_window7_224", "swin_b"), ("SwinV2-T", None),
        ("Mask R-CNN Swin-T", None), ("Swin-L", None), ("SegFormer-B2", "segformer_b2"),
        ("segformer_mit-b5", "segformer_b5"),
        ("FCN-ResNet50", "fcn_resnet50"), ("R-FCN", None), ("DeepLabV3-ResNet50", "deeplabv3_resnet50"),
        ("DeepLabV3-ResNet101", None),
    ],
)  # fmt: skip
def test_a_name_means_one_network_or_none(text: str, name: str | None) -> None:
    assert image_model_named(text) == name
