package io.kapsel.engine;

import io.kapsel.oci.image.ImageConfig;
import io.kapsel.oci.image.MediaTypes.Compression;
import io.kapsel.oci.image.Reference;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * What an image of a container's changes is to be.
 *
 * @param pause whether the container stands still meanwhile, so that no file is caught half-way
 * @param compression of the new layer
 * @param change what it executes, made from what the container does
 */
public record Commit(
    Optional<Reference> name,
    Optional<String> author,
    String comment,
    boolean pause,
    Compression compression,
    UnaryOperator<ImageConfig.Execution> change) {}
