package io.kapsel.base; /** x */ public final class Probe { private Probe() {} }
