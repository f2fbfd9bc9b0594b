package io.kapsel.linux; /** x */ public final class Probe { private Probe() {} }
