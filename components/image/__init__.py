"""The image: build context, build, registry, signature."""
