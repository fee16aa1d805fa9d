"""What a maker writes: scenes, shots, cameras, references. Pure data."""

from wan_sdk.spec.camera import Camera as Camera
from wan_sdk.spec.camera_pose import Pose as Pose
from wan_sdk.spec.character import Character as Character
from wan_sdk.spec.look import Look as Look
from wan_sdk.spec.look import Lora as Lora
from wan_sdk.spec.marking import Marking as Marking
from wan_sdk.spec.reference import Reference as Reference
from wan_sdk.spec.scene import Scene as Scene
from wan_sdk.spec.shot import Shot as Shot
from wan_sdk.spec.size import Size as Size
from wan_sdk.spec.sweep import Sweep as Sweep
from wan_sdk.spec.transition import Transition as Transition

__all__ = [
    "Camera",
    "Character",
    "Look",
    "Lora",
    "Marking",
    "Pose",
    "Reference",
    "Scene",
    "Shot",
    "Size",
    "Sweep",
    "Transition",
]
