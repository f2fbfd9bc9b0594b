package io.kapsel.linux.nftables;

/** The name of a table. */
public record Table(Family family, String name) {}
