package io.kapsel.image.debian;

import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Attributes;
import java.time.Instant;
import java.util.List;

/**
 * What runs in the container: the scripts that dpkg would have run before it unpacked each package,
 * then dpkg, which configures all of them. Nothing of the host is in there.
 */
final class ConfigurationScript {
  /** Where it writes what it says. */
  static final String LOG = "var/log/bootstrap.log";

  private static final String BEGIN =
      """
      set -eu
      exec </dev/null >>/var/log/bootstrap.log 2>&1
      umask 022
      printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
      chmod 755 /usr/sbin/policy-rc.d
      ci=/var/lib/dpkg/tmp.ci
      preinst() {
        mkdir "$ci"
        cp "/var/lib/dpkg/info/$3.preinst" "$ci/preinst"
        printf 'Package: %s\\n' "$1" >"$ci/control"
        DPKG_MAINTSCRIPT_PACKAGE=$1 DPKG_MAINTSCRIPT_ARCH=$2 DPKG_MAINTSCRIPT_NAME=preinst \\
          DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1 DPKG_MAINTSCRIPT_DEBUG=0 DPKG_ROOT= \\
          DPKG_ADMINDIR=/var/lib/dpkg "$ci/preinst" install ||
          { echo "the preinst script of $1 fails with $?"; exit 1; }
        rm -r "$ci"
      }
      """;

  /** In dpkg's directory: who has a file, who has it too, the file, and where the first's waits. */
  static final String CONTESTED = "tmp.contested";

  /**
   * All packages lie there already when the scripts run that would have diverted files, or said
   * whose they are, before. So each diversion is made up for here, and each override.
   */
  private static final String DIVERT =
      """
      there() {
        [ -e "$1" ] || [ -h "$1" ]
      }
      diversion() {
        for from in "/$1" "/usr/$1" "/${1#usr/}"; do
          diverter=$(dpkg-divert --listpackage "$from")
          [ -z "$diverter" ] || { to=$(dpkg-divert --truename "$from"); return; }
        done
      }
      contested() {
        while IFS='\t' read -r mine other path waiting; do
          diversion "$path"
          case $diverter in
          "$mine")
            ! there "/$path" || mv "/$path" "$to"
            mv "/$waiting" "/$path"
            ;;
          "$other") mv "/$waiting" "$to" ;;
          *)
            echo "'/$path' is in $mine and in $other, and neither replaces or diverts it"
            exit 1
            ;;
          esac
        done </var/lib/dpkg/tmp.contested
        rm /var/lib/dpkg/tmp.contested
      }
      owners() {
        case $1 in
        /usr/*) other=${1#/usr} ;;
        *) other=/usr$1 ;;
        esac
        (cd /var/lib/dpkg/info && grep -lxF -e "$1" -e "$other" -- *.list || :) |
          sed 's/\\(:[^:]*\\)\\{0,1\\}\\.list$//'
      }
      diverted() {
        while read -r from && read -r to && read -r diverter; do
          if owners "$from" | grep -qvxF -e "$diverter"; then
            if there "$from" && ! there "$to"; then mv "$from" "$to"; fi
          elif owners "$from" | grep -q .; then
            if there "$to" && ! there "$from"; then mv "$to" "$from"; fi
          fi
        done </var/lib/dpkg/diversions
      }
      overridden() {
        while read -r user group mode path; do
          if [ -e "$path" ] && [ ! -h "$path" ]; then
            chown "${user#'#'}:${group#'#'}" "$path"
            chmod "$mode" "$path"
          fi
        done </var/lib/dpkg/statoverride
      }
      [ ! -s /var/lib/dpkg/tmp.contested ] || contested
      [ ! -s /var/lib/dpkg/diversions ] || diverted
      [ ! -s /var/lib/dpkg/statoverride ] || overridden
      """;

  private static final String END =
      """
      dpkg --configure -a
      dpkg --audit >/run/audit
      [ ! -s /run/audit ] || { cat /run/audit; exit 1; }
      rm -f /usr/sbin/policy-rc.d
      """;

  private ConfigurationScript() {}

  /** The script for a tree with these packages, each of which comes after those that it needs. */
  static String of(TargetTree tree, List<DebianPackage> packages) {
    StringBuilder script = new StringBuilder(BEGIN);
    try (Fd info = DpkgDatabase.info(tree)) {
      // The first to run: it makes the list of users, whose names the others use.
      packages.stream()
          .filter(each -> each.name().equals("base-passwd"))
          .forEach(each -> preinst(info, each, script));
      packages.stream()
          .filter(each -> !each.name().equals("base-passwd"))
          .forEach(each -> preinst(info, each, script));
    }
    return script.append(DIVERT).append(END).toString();
  }

  private static void preinst(Fd info, DebianPackage each, StringBuilder script) {
    String prefix = DpkgDatabase.prefix(each);
    if (Attributes.find(info, prefix + ".preinst").isPresent()) {
      script
          .append("preinst ")
          .append(each.name())
          .append(' ')
          .append(each.architecture())
          .append(' ')
          .append(prefix)
          .append('\n');
    }
  }

  /** The environment of the script. */
  static List<String> environment(Instant date) {
    return List.of(
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME=/root",
        "TERM=dumb",
        "LC_ALL=C.UTF-8",
        "DEBIAN_FRONTEND=noninteractive",
        "DEBCONF_NONINTERACTIVE_SEEN=true",
        "PERL_HASH_SEED=0",
        "SOURCE_DATE_EPOCH=" + date.getEpochSecond());
  }
}
