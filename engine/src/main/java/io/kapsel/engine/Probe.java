package io.kapsel.engine; /** x */ public final class Probe { private Probe() {} }
