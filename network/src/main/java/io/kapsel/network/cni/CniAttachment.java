package io.kapsel.network.cni;

/**
 * A container in a network of plugins: what ADD was told, so that DEL is told the same.
 *
 * @param inside the name of the link
 * @param arguments for plugins that take them, an object of JSON
 */
public record CniAttachment(String container, String inside, String namespace, String arguments) {}
