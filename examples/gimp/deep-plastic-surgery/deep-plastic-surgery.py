#!/usr/bin/env python3
"""A plug-in of GIMP 3: fills what one layer marks by the lines of another, by the editor's API (docs/api.md).

Put this folder among GIMP's plug-ins (Preferences, Folders, Plug-ins), this file executable. It is then in the menu
Filters. The editor must run: npm run edit.
"""

import os
import sys
import tempfile

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("GimpUi", "3.0")
from gi.repository import Gimp, GimpUi, Gio, GLib, GObject  # noqa: E402

import edit_api  # noqa: E402

NAME = "plug-in-deep-plastic-surgery"


def save_layer(layer, image, path):
    """Writes a layer alone, at the image's size, as PNG; what it does not cover is transparent."""
    alone = Gimp.Image.new(image.get_width(), image.get_height(), image.get_base_type())
    try:
        copy = Gimp.Layer.new_from_drawable(layer, alone)
        alone.insert_layer(copy, None, 0)
        _, x, y = layer.get_offsets()
        copy.set_offsets(x, y)
        copy.set_visible(True)
        copy.set_opacity(100)
        copy.set_mode(Gimp.LayerMode.NORMAL)
        if (copy.get_width(), copy.get_height()) != (image.get_width(), image.get_height()):
            copy.add_alpha()
            copy.resize_to_image_size()
        Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, alone, Gio.File.new_for_path(path), None)
    finally:
        alone.delete()


def fill(image, config):
    """Puts the result into the image as a layer of its own, above the photo."""
    layers = {field: config.get_property(field) for field in ("photo", "mask", "sketch", "colour")}
    if not layers["photo"] or not layers["mask"]:
        raise edit_api.Problem("Choose the layer of the photo and the one that marks the hole.")
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for field, layer in layers.items():
            if layer:
                files[field] = os.path.join(folder, field + ".png")
                save_layer(layer, image, files[field])
        address, token = config.get_property("address"), config.get_property("token")
        result, warnings = edit_api.edit(
            files, address, token or os.environ.get("DPS_API_TOKEN"), l=config.get_property("l")
        )
        path = os.path.join(folder, "result.png")
        with open(path, "wb") as file:
            file.write(result)
        filled = Gimp.file_load_layer(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(path))
    filled.set_name("Deep Plastic Surgery")
    photo = layers["photo"]
    image.insert_layer(filled, photo.get_parent(), image.get_item_position(photo))
    for warning in warnings:
        Gimp.message(warning)


def run(procedure, run_mode, image, _drawables, config, _data):
    if run_mode == Gimp.RunMode.INTERACTIVE:
        GimpUi.init(NAME)
        dialog = GimpUi.ProcedureDialog.new(procedure, config, "Deep Plastic Surgery")
        dialog.fill(None)
        agreed = dialog.run()
        dialog.destroy()
        if not agreed:
            return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
    image.undo_group_start()
    try:
        fill(image, config)
    except (edit_api.Problem, OSError) as problem:
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(str(problem)))
    finally:
        image.undo_group_end()
    Gimp.displays_flush()
    return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)


class DeepPlasticSurgery(Gimp.PlugIn):
    def do_set_i18n(self, _name):
        return False

    def do_query_procedures(self):
        return [NAME]

    def do_create_procedure(self, name):
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, run, None)
        procedure.set_image_types("RGB*, GRAY*")
        procedure.set_menu_label("_Deep Plastic Surgery...")
        procedure.add_menu_path("<Image>/Filters/")
        procedure.set_documentation("Fills a hole of a photo by lines", "Asks the editor of Deep Plastic Surgery", name)
        kept = GObject.ParamFlags.READWRITE
        for field, label, what in (
            ("photo", "_Photo", "The layer that is to change"),
            ("mask", "_Hole", "A layer with marks where the photo is to change, on nothing"),
            ("sketch", "_Lines", "A layer with dark lines on nothing (optional)"),
            ("colour", "_Colours", "A layer with strokes of colour on nothing, for models that take them (optional)"),
        ):
            procedure.add_layer_argument(field, label, what, True, kept)
        procedure.add_double_argument("l", "_l", "0: the lines as they are drawn; 1: a rough idea", 0, 1, 0.5, kept)
        procedure.add_string_argument("address", "_Address", "Of the editor", edit_api.ADDRESS, kept)
        procedure.add_string_argument("token", "_Token", "Of an editor on another machine", "", kept)
        return procedure


Gimp.main(DeepPlasticSurgery.__gtype__, sys.argv)
