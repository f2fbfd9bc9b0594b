package io.kapsel.lxc;

import java.util.LinkedHashMap;
import java.util.Map;

/** Programs that run something, watch, and look after configurations. */
final class LxcPrograms {
  static final Map<String, LxcFront.Tool> TOOLS = tools();

  private LxcPrograms() {}

  private static Map<String, LxcFront.Tool> tools() {
    Map<String, LxcFront.Tool> all = new LinkedHashMap<>();
    all.put(
        "lxc-execute",
        new LxcFront.Tool(
            "d:daemon f:rcfile= s:define= u:uid= g:gid=",
            true,
            "runs one program in a container",
            LxcExecute::run));
    all.put(
        "lxc-cgroup",
        new LxcFront.Tool("", true, "shows or sets a value of control groups", LxcCgroup::run));
    all.put(
        "lxc-device",
        new LxcFront.Tool(
            "f:rcfile=",
            true,
            "gives a device or interface of the host, or takes it away",
            LxcDevice::run));
    all.put(
        "lxc-checkpoint",
        new LxcFront.Tool(
            "r:restore D:checkpoint-dir= v:verbose A:action-script= s:stop p:pre-dump :predump-dir="
                + " d:daemon F:foreground",
            true,
            "keeps a container with its processes as they are, and brings it back",
            LxcCheckpoint::run));
    all.put(
        "lxc-top",
        new LxcFront.Tool(
            "d:delay= b:batch s:sort= r:reverse", false, "shows what containers use", LxcTop::run));
    all.put(
        "lxc-monitor",
        new LxcFront.Tool("Q:quit", false, "tells each change of a state", LxcMonitor::run));
    all.put(
        "lxc-update-config",
        new LxcFront.Tool(
            "c:config= h:help", false, "gives keys the names of LXC 3", LxcUpdateConfig::run));
    return all;
  }
}
