package io.kapsel.runtime; /** x */ public final class Probe { private Probe() {} }
