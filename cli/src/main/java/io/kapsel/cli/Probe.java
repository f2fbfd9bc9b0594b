package io.kapsel.cli; /** x */ public final class Probe { private Probe() {} }
