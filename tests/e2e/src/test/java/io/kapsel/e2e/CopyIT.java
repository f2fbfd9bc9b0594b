package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files into containers and out of them. What each copy gives, and what it says, was compared with
 * dockerd.
 */
class CopyIT extends EndToEnd {
  private static Path here;

  @BeforeAll
  static void makeFiles() {
    here = product.home().resolve("here");
    shell(
        "mkdir -p src/sub; echo one >src/one; echo two >src/sub/two; echo f >file;"
            + " chown 1234:1235 file; chmod 640 file; ln -s file link; ln -s src dirlink");
  }

  @AfterAll
  static void removeFiles() {
    HostFiles.delete(here);
  }

  @AfterEach
  void removeVolumes() {
    product.removeAll();
    kapsel("volume", "prune", "-a", "-f").ok();
  }

  /** A script in the directory of the files, in which {@code kapsel} is the product's client. */
  private static Result shell(String script) {
    String client = Product.DIST.resolve("bin/kapsel").toString();
    String whole =
        "kapsel() { " + client + " \"$@\"; }; mkdir -p " + here + "; cd " + here + "; " + script;
    return product
        .environment(Command.of("bash", "-c", whole))
        .within(Duration.ofSeconds(90))
        .run();
  }

  private static void box(String... more) {
    List<String> words = new ArrayList<>(List.of("run", "-d", "--name", "box"));
    words.addAll(List.of(more));
    words.addAll(List.of(TestRoot.reference(), "/bin/sleep", "1000"));
    kapsel(words.toArray(String[]::new)).ok();
  }

  /** One that runs, or has run and does not any more. */
  private static void box(boolean running) {
    box();
    kapsel(
            "exec",
            "box",
            "/bin/sh",
            "-c",
            "mkdir -p /d/sub; echo a >/d/a; echo b >/d/sub/b; echo hi >/greeting;"
                + " ln -s greeting /glink; ln -s /d /dlink")
        .ok();
    if (!running) {
      kapsel("stop", "-t", "0", "box").ok();
    }
  }

  private static String inside(String script) {
    kapsel("start", "box").ok();
    return kapsel("exec", "box", "/bin/sh", "-c", script).ok().out().strip();
  }

  private static void refused(String words, String message) {
    Result result = shell("kapsel cp " + words);
    assertThat(result.exitCode()).as(words).isEqualTo(1);
    assertThat(result.err()).as(words).contains(message);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void filesGoIn(boolean running) {
    box(running);
    shell(
            """
            set -e
            kapsel cp file box:/new; kapsel cp file box:/d; kapsel cp -q file box:/d/sub/
            kapsel cp src box:/tree; kapsel cp src box:/d; kapsel cp src/. box:/content/
            kapsel cp src/. box:/d/sub
            kapsel cp link box:/aslink; kapsel cp -L link box:/asfile; kapsel cp dirlink/ box:/asdir
            kapsel cp file box:/glink; kapsel cp file box:relative
            """)
        .ok();

    assertThat(inside("stat -c '%u:%g %a' /new; cat /new")).isEqualTo("1234:1235 640\nf");
    assertThat(inside("find /d /tree /content | sort | tr '\\n' ' '"))
        .isEqualTo(
            "/content /content/one /content/sub /content/sub/two /d /d/a /d/file /d/src"
                + " /d/src/one /d/src/sub /d/src/sub/two /d/sub /d/sub/b /d/sub/file /d/sub/one"
                + " /d/sub/sub /d/sub/sub/two /tree /tree/one /tree/sub /tree/sub/two");
    assertThat(inside("readlink /aslink; stat -c %F /asfile; stat -c %F /asdir; ls /asdir"))
        .isEqualTo("file\nregular file\ndirectory\none\nsub");
    assertThat(inside("readlink /glink; cat /greeting /relative")).isEqualTo("greeting\nf\nf");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void filesComeOut(boolean running) {
    box(running);
    String out =
        shell(
                """
                set -e; mkdir out; cd out
                kapsel cp box:/greeting new; kapsel cp box:/greeting .; kapsel cp box:/d tree
                kapsel cp box:/d tree; kapsel cp box:/d/. content; kapsel cp box:/glink aslink
                kapsel cp -L box:/glink asfile; kapsel cp -L box:/dlink asdir
                kapsel cp box:/dlink/ asdir2
                find . | sort | tr '\\n' ' '; stat -c '%u:%g' new; cat new; readlink aslink
                stat -c %F asfile asdir asdir2; cd ..; rm -r out
                """)
            .ok()
            .out();

    assertThat(out)
        .isEqualTo(
            ". ./asdir ./asdir/a ./asdir/sub ./asdir/sub/b ./asdir2 ./asdir2/a ./asdir2/sub"
                + " ./asdir2/sub/b ./asfile ./aslink ./content ./content/a ./content/sub"
                + " ./content/sub/b ./greeting ./new ./tree ./tree/a ./tree/d ./tree/d/a"
                + " ./tree/d/sub ./tree/d/sub/b ./tree/sub ./tree/sub/b 0:0\nhi\ngreeting\n"
                + "regular file\ndirectory\ndirectory\n");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatCannotBeIsToldAsDockerDoes(boolean running) {
    box(running);
    refused("file box:/none/", "no such directory");
    refused("file box:/none/x", "Could not find the file /none in container box");
    refused("file box:/greeting/x", "extraction point is not a directory");
    refused("src box:/greeting", "cannot copy directory");
    refused("none box:/d", "lstat " + here + "/none: no such file or directory");
    refused("src/one/ box:/d", "not a directory");
    refused("box:/none .", "Could not find the file /none in container box");
    refused("box:/greeting/ .", "not a directory");
    refused("box:/greeting none/", "no such directory");
    refused(
        "box:/greeting none/x",
        "invalid output path: directory \"" + here + "/none\" does not exist");
    refused("box:/d file", "cannot copy directory");
    refused("box:/a box:/b", "copying between containers is not supported");
    refused("file file2", "must specify at least one container source");
    refused("'' box:/x", "source can not be empty");
    refused("nobody:/x .", "there is no such container");
    refused("box:/greeting /dev/null", "must be a directory or a regular file: got a device");
    inside("mkdir -p /clash/one /other; echo x >/other/src");
    refused("src/. box:/clash", "cannot overwrite directory \"/clash/one\" with non-directory");
    refused("src box:/other", "cannot overwrite non-directory \"/other/src\" with directory");
  }

  @Test
  void archivesGoThroughPipes() {
    box(true);
    shell("kapsel cp box:/d - | tar t | sort | tr '\\n' ' '").ok();
    assertThat(shell("kapsel cp box:/d - | tar t | sort | tr '\\n' ' '").ok().out())
        .isEqualTo("d/ d/a d/sub/ d/sub/b ");
    assertThat(shell("kapsel cp box:/d/. - | tar t | sort | head -2").ok().out())
        .isEqualTo("./\n./a\n");
    assertThat(shell("kapsel cp -L box:/glink - | tar t").ok().out()).isEqualTo("greeting\n");
    shell("tar c src file | kapsel cp - box:/d; tar cz src | kapsel cp - box:/d/sub").ok();

    assertThat(inside("ls /d /d/sub/src; stat -c %u /d/file"))
        .isEqualTo("/d:\na\nfile\nsrc\nsub\n\n/d/sub/src:\none\nsub\n1234");
    refused("- box:/greeting </dev/null", "destination \"box:/greeting\" must be a directory");
    refused("- box:/d < file", "the archive ends in the middle of a header");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void volumesAndWhatIsBoundAreInside(boolean running) {
    shell("mkdir -p bound").ok();
    box(
        "-v",
        "data:/data",
        "-v",
        here + "/bound:/bound",
        "-v",
        here + "/src:/ro:ro",
        "--tmpfs",
        "/t");
    kapsel("exec", "box", "/bin/sh", "-c", "echo v >/data/v").ok();
    if (!running) {
      kapsel("stop", "-t", "0", "box").ok();
    }
    shell("set -e; kapsel cp file box:/data; kapsel cp src box:/bound; kapsel cp box:/ro ro").ok();

    assertThat(shell("cat bound/src/one ro/one; kapsel cp box:/data/v - | tar xO").ok().out())
        .isEqualTo("one\none\nv\n");
    assertThat(sh(List.of("-v", "data:/x"), "cat /x/file; stat -c %u /x/file"))
        .isEqualTo("f\n1234");
    refused("file box:/ro", "mounted volume is marked read-only");
    assertThat(kapsel("exec", "box", "/bin/ls", "/ro").exitCode()).isEqualTo(running ? 0 : 1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aReadOnlyRootStaysAsItIs(boolean running) {
    box("--read-only", "-v", "data:/data");
    if (!running) {
      kapsel("stop", "-t", "0", "box").ok();
    }
    refused("file box:/etc", "container rootfs is marked read-only");
    shell("kapsel cp file box:/data").ok();
  }

  @Test
  void noLinkLeadsOut() {
    box(true);
    Path secret = here.resolve("secret");
    inside(
        "ln -s %1$s /out; ln -s ../../../../../..%1$s /up; ln -s /proc/1/root /p".formatted(here));
    shell("echo secret >secret").ok();

    refused("box:/out/secret .", "Could not find the file");
    refused("box:/up/secret .", "Could not find the file");
    refused("file box:/out/x", "Could not find the file");
    Result through =
        shell("kapsel cp file box:/p/etc/kapsel-copied; kapsel cp box:/p/" + secret + " x");
    assertThat(through.exitCode()).isEqualTo(1);
    assertThat(Path.of("/etc/kapsel-copied")).doesNotExist();
    assertThat(here.resolve("x")).doesNotExist();
  }

  @Test
  void aRaceForALinkIsLostByTheContainer() {
    box(true);
    shell("mkdir -p target").ok();
    kapsel(
            "exec",
            "-d",
            "box",
            "/bin/sh",
            "-c",
            "mkdir -p /w/d; ln -s %s /w/l; cd /w; while :; do mv d x; mv l d; mv d l; mv x d; done"
                .formatted(here.resolve("target")))
        .ok();

    Result many =
        shell("for i in $(seq 25); do kapsel cp -q src/. box:/w/d; kapsel cp box:/w/d o$i; done");

    assertThat(many.err()).doesNotContain("Exception");
    assertThat(here.resolve("target")).isEmptyDirectory();
    shell("rm -rf o*").ok();
  }

  @Test
  void anEvilArchiveStaysInside() {
    box(true);
    inside("mkdir /in");
    shell("mkdir -p decoy; echo decoy >decoy/f; mkdir -p evil/d; echo bad >evil/d/f").ok();
    List<String> archives =
        List.of(
            "tar c --transform 's,evil/d/f,../../escaped,' evil/d/f",
            "tar cP --transform 's,evil/d/f," + here + "/escaped,' evil/d/f",
            "python3 -c '" + links(here + "/decoy") + "'");
    for (String archive : archives) {
      Result result = shell(archive + " | kapsel cp - box:/in");
      assertThat(result.exitCode()).as(archive).isIn(0, 1);
    }

    assertThat(here.resolve("escaped")).doesNotExist();
    assertThat(HostFiles.read(here.resolve("decoy/f"))).isEqualTo("decoy\n");
    assertThat(inside("find /in -type b -o -type c")).isEmpty();
    assertThat(inside("cat /etc/passwd")).startsWith("root:x:0:0:root");
  }

  /** A link and a file behind it; a link to a file of the host; devices. */
  private static String links(String decoy) {
    return """
    import tarfile, sys, io
    t = tarfile.open(fileobj=sys.stdout.buffer, mode="w|")
    def add(name, kind, **more):
      i = tarfile.TarInfo(name); i.type = kind
      for k, v in more.items(): setattr(i, k, v)
      t.addfile(i, io.BytesIO(b"evil") if kind == tarfile.REGTYPE else None)
    add("sda", tarfile.BLKTYPE, devmajor=8, devminor=0)
    add("mem", tarfile.CHRTYPE, devmajor=1, devminor=1)
    add("d", tarfile.SYMTYPE, linkname="%s")
    add("d/f", tarfile.REGTYPE, size=4)
    add("hard", tarfile.LNKTYPE, linkname="/etc/shadow")
    """
        .formatted(decoy);
  }

  /** What a container calls its files cannot reach more than the directory that was named. */
  @Test
  void whatComesOutStaysWhereItWasPut() {
    box(true);
    inside("mkdir /tree; ln -s %s /tree/link; echo x >/tree/f; mkfifo /tree/pipe".formatted(here));
    shell("mkdir -p out; kapsel cp box:/tree out; kapsel cp box:/tree out").ok();

    assertThat(Files.isSymbolicLink(here.resolve("out/tree/link"))).isTrue();
    assertThat(Files.exists(here.resolve("out/tree/pipe"), LinkOption.NOFOLLOW_LINKS)).isTrue();
    shell("kapsel cp box:/dev/null out 2>&1 && exit 1; rm -r out").ok();
  }

  @Test
  void ownersAreKeptWhereThatIsAskedFor() {
    box(true);
    inside("chown 1000:2000 /greeting; chmod 4711 /greeting");

    assertThat(
            shell(
                    "kapsel cp -a box:/greeting kept; kapsel cp box:/greeting mine;"
                        + " stat -c '%u:%g %a' kept mine; rm kept mine")
                .ok()
                .out())
        .isEqualTo("1000:2000 4711\n0:0 4711\n");
    shell("touch far; chown 4000000:1 far").ok();
    refused("far box:/", "its user 4000000 does not exist there");
  }

  @Test
  void aFileThatIsMountedIsWrittenInPlace() {
    box(true);
    kapsel(
            "run",
            "-d",
            "--name",
            "named",
            "-v",
            here + "/src/one:/one",
            TestRoot.reference(),
            "/bin/sleep",
            "1000")
        .ok();
    shell("echo changed >other; kapsel cp other named:/one").ok();

    assertThat(kapsel("exec", "named", "/bin/cat", "/one").ok().line()).isEqualTo("changed");
    shell("echo one >src/one").ok();
  }

  @Test
  void aDifferenceIsToldFromTheContainersOwnLayer() {
    box(true);
    inside(
        "echo x >>/etc/passwd; rm /etc/group; mkdir -p /n/m; ln -s /n /n/l; rm -r /var/tmp;"
            + " mkdir /var/tmp; touch /var/tmp/q; chmod 700 /srv");

    List<String> lines = kapsel("diff", "box").ok().lines();
    assertThat(lines)
        .contains(
            "C /etc",
            "C /etc/passwd",
            "D /etc/group",
            "A /n",
            "A /n/l",
            "A /n/m",
            "C /var",
            "C /var/tmp",
            "A /var/tmp/q",
            "C /srv")
        .noneMatch(line -> line.contains("/bin"));
    assertThat(lines).noneMatch(line -> line.matches(". /(proc|sys|dev)(/.*)?"));
    kapsel("stop", "-t", "0", "box").ok();
    assertThat(kapsel("container", "diff", "box").ok().lines()).isEqualTo(lines);
    Result none = kapsel("diff", "nobody");
    assertThat(none.exitCode()).isEqualTo(1);
  }
}
