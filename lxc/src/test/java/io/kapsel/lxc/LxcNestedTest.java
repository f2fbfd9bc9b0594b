package io.kapsel.lxc;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.engine.Container;
import io.kapsel.engine.spec.ExecSpec;
import io.kapsel.linux.Fd;
import io.kapsel.linux.RawText;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.RootDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a container says of those in it, which may be meant to harm whoever lists them. */
@Timeout(60)
class LxcNestedTest {
  private static final Path PLACE = Path.of("/lxc");
  private static final int FULL = 32 << 10;

  @TempDir Path root;

  /** Holds what it is told. */
  private static final class Reader implements LxcCaller {
    private final StringBuilder out = new StringBuilder();
    private final StringBuilder err = new StringBuilder();

    @Override
    public List<String> words() {
      return List.of("lxc-ls");
    }

    @Override
    public List<String> environment() {
      return List.of();
    }

    @Override
    public Path directory() {
      return PLACE;
    }

    @Override
    public boolean terminal() {
      return true;
    }

    @Override
    public int rows() {
      return 0;
    }

    @Override
    public int columns() {
      return 0;
    }

    @Override
    public void out(String text) {
      out.append(text);
    }

    @Override
    public void err(String text) {
      err.append(text);
    }

    @Override
    public int attach(Container container, ExecSpec program) {
      throw new AssertionError("a list lets nothing run");
    }

    @Override
    public int foreground(Container container, Runnable start) {
      throw new AssertionError("a list starts nothing");
    }

    @Override
    public int console(Container container, int number, int keys, IntConsumer told) {
      throw new AssertionError("a list shows no terminal");
    }

    @Override
    public <T> T waiting(Wait<T> wait) {
      throw new AssertionError("a list waits for nothing");
    }
  }

  /** Defines one in a root at {@code way}. */
  private void define(String way, String name, String... lines) throws IOException {
    Path directory = Files.createDirectories(Path.of(root + way + PLACE).resolve(name));
    Files.write(directory.resolve("config"), List.of(lines));
  }

  private Map<String, byte[]> configs(String directory) {
    try (RootDirectory top = RootDirectory.open(root.toString())) {
      return top.readEach(directory, "config", 512, FULL);
    }
  }

  private static List<LxcNested> all(LxcNested.Root inside, LxcNested.Allowance allowance) {
    return new LxcNested.Inside(inside, "", PLACE, allowance).all("web", _ -> "STOPPED");
  }

  private List<LxcNested> all() {
    return all(this::configs, new LxcNested.Allowance(() -> {}));
  }

  /** What {@code lxc-ls -1 --nesting} says of a container with that in it. */
  private static Reader list(LxcNested.Root inside, int levels, String... more) {
    Reader reader = new Reader();
    List<String> words = new ArrayList<>(List.of("-1", "--nesting=" + levels));
    words.addAll(List.of(more));
    LxcOptions options = LxcOptions.parse("lxc-ls", words, LxcLook.TOOLS.get("lxc-ls").options());
    // nothing of the engine is asked for what is in a container
    LxcPlace place = new LxcPlace(null, PLACE);
    LxcList list = new LxcList(new LxcCall(reader, null, "lxc-ls", options, place, ""));
    list.collect("web", allowance -> all(inside, allowance));
    list.show();
    return reader;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** So many configurations of one content. */
  private static Map<String, byte[]> crowd(int size, byte[] content) {
    Map<String, byte[]> all = new TreeMap<>();
    IntStream.range(0, size).forEach(i -> all.put("c%03d".formatted(i), content));
    return all;
  }

  @Test
  void whatIsSaidIsShown() throws IOException {
    define(
        "",
        "inner",
        "# lxc.group = none",
        "lxc.include = /etc/passwd",
        "lxc.group = lost",
        "lxc.group =",
        "lxc.group = red  \"blue\"",
        "  lxc.group='a b'  ",
        "lxc.nonsense = 1",
        "no key",
        "lxc.idmap = u 0 1000 10",
        "lxc.rootfs.path = /other",
        "lxc.rootfs.path = dir:/inner",
        "lxc.start.auto = 1");
    define("", "plain", "lxc.idmap = u 0 1 2", "lxc.idmap =", "lxc.rootfs.path = zfs:tank");
    define("/inner", "deep", "lxc.start.auto = 0");

    List<LxcNested> found = all();

    assertThat(found).extracting(LxcNested::name).containsExactly("inner", "plain");
    assertThat(found.getFirst().groups()).containsExactly("red", "\"blue\"", "a", "b");
    assertThat(found.getFirst().cell("AUTOSTART", "-")).isEqualTo("1");
    assertThat(found.getFirst().cell("UNPRIVILEGED", "-")).isEqualTo("true");
    assertThat(found.getFirst().nested("web/inner"))
        .singleElement()
        .satisfies(deep -> assertThat(deep.name()).isEqualTo("deep"))
        .satisfies(deep -> assertThat(deep.cell("AUTOSTART", "-")).isEqualTo("0"));
    assertThat(found.getLast().cell("UNPRIVILEGED", "-")).isEqualTo("false");
    assertThat(found.getLast().nested("web/plain")).isEmpty();
  }

  @Test
  void ofAFileOnlyALittleIsHeld() {
    String line = "%s=a\n";
    for (String key : List.of("lxc.group", "lxc.idmap", "lxc.environment", "lxc.rootfs.path")) {
      byte[] full = bytes(line.formatted(key).repeat(FULL / (key.length() + 3)));

      assertThat(LxcConfig.ofOthers(full).entries()).as(key).hasSizeLessThanOrEqualTo(64);
    }
    byte[] wide = bytes(("lxc.group=" + "a ".repeat(1500) + "\n").repeat(10));
    assertThat(LxcConfig.ofOthers(wide).groups()).hasSizeLessThanOrEqualTo(4096);
    byte[] longer = bytes("lxc.rootfs.path=/" + "a".repeat(5000));
    assertThat(LxcConfig.ofOthers(longer).rootDirectory()).isEmpty();
  }

  /** Also where each of them is its own root, and so has as many again. */
  @Test
  void ofAllFilesTogetherNoMoreIsTakenThanIsAllowed() {
    String own = "lxc.rootfs.path = /\n";
    byte[] full = bytes(own + "#".repeat(FULL - own.length()));
    List<String> opened = new ArrayList<>();

    Reader said =
        list(
            directory -> {
              opened.add(directory);
              return crowd(512, full);
            },
            5);

    assertThat(said.out.toString().lines()).hasSizeBetween(30, 32);
    assertThat(said.err.toString()).isEqualTo("No more than 1024 KiB are read of web\n");
    assertThat(opened).hasSize(1);
  }

  @Test
  void filesOfADirectoryAreReadUntilThatIsMuch() throws IOException {
    for (int i = 0; i < 40; i++) {
      define("", "c%03d".formatted(i), "#".repeat(FULL - 1));
    }
    define("", "a", "#".repeat(FULL));

    Map<String, byte[]> found = configs(PLACE.toString());

    assertThat(found).hasSize(32).doesNotContainKey("a"); // which is too long
    assertThat(list(this::configs, 1).err.toString())
        .isEqualTo("No more than 1024 KiB are read of web\n");
  }

  /** Long names in each other are longer the deeper they are. */
  @Test
  void namesAreAllowedForToo() {
    Map<String, byte[]> own = Map.of("n".repeat(255), bytes("lxc.rootfs.path=/"));

    Reader said = list(_ -> own, 999);

    assertThat(said.out.length()).isBetween(1 << 19, 3 << 20);
    assertThat(said.err.toString()).contains("No more than 1024 KiB");
  }

  @Test
  void whatIsNoPathIsPassedOver() throws IOException {
    define("", "inner", "lxc.rootfs.path = /a\0b", "lxc.group = red");
    String odd = RawText.decode(new byte[] {'o', (byte) 0xff});
    for (String name : List.of(odd, "ö\uD83D\uDE00")) {
      try (Fd place = Open.path(root + PLACE.toString(), OpenFlags.PATH)) {
        Entries.makeDirectory(place, name, 0755);
        Entries.symlink("../inner/config", place, name + "/config");
      }
    }
    assertThat(configs(PLACE.toString())).containsKey(odd);

    Reader said = list(this::configs, 5, "-g", "red");

    assertThat(said.out.toString().lines()).containsExactly("web/inner", "web/ö\uD83D\uDE00");
    assertThat(said.err.toString()).isEmpty();
  }

  /** A pattern that calls itself for each of them would have no room for it. */
  @Test
  void aLongValueThatIsNotAskedForIsNotLookedAt() throws IOException {
    define(
        "",
        "inner",
        "lxc.cgroup.cpuset.cpus = 0" + ",0".repeat(8000),
        "lxc.init.groups = 1" + ",1".repeat(8000),
        "lxc.group = red");

    assertThat(all()).singleElement().satisfies(it -> assertThat(it.groups()).contains("red"));
  }

  /** Neither a name that is too long nor links that lead in a circle tell a terminal anything. */
  @Test
  void whyOneCannotBeLookedIntoIsSaidWithoutSpeakingToTheTerminal() throws IOException {
    define("", "a", "lxc.rootfs.path = /\033]0;me\007" + "a".repeat(300));
    define("", "b", "lxc.rootfs.path = /\033[2Jloop\u009b31m");
    define("", "c", "lxc.group = red");
    try (Fd top = Open.path(root.toString(), OpenFlags.PATH)) {
      Entries.symlink("\033[2Jloop\u009b31m", top, "\033[2Jloop\u009b31m");
    }

    Reader said = list(this::configs, 5);

    assertThat(said.out.toString().lines()).containsExactly("web/a", "web/b", "web/c");
    assertThat(said.err.toString().lines())
        .hasSize(2)
        .allMatch(line -> line.codePoints().noneMatch(Character::isISOControl))
        .anyMatch(line -> line.matches("Failed to look into web/a: .*]0;me.*\\(ENAMETOOLONG\\)"))
        .anyMatch(line -> line.matches("Failed to look into web/b: .*2Jloop.*\\(ELOOP\\)"));
  }

  @Test
  void aRootThatMakesNoSenseHidesNoOther() {
    Reader said =
        list(
            directory -> {
              if (!directory.equals(PLACE.toString())) {
                throw new IllegalArgumentException("\033 is no path");
              }
              return crowd(2, bytes("lxc.rootfs.path = /x"));
            },
            5);

    assertThat(said.out.toString().lines()).containsExactly("web/c000", "web/c001");
    assertThat(said.err.toString().lines())
        .containsExactly(
            "Failed to look into web/c000: ? is no path",
            "Failed to look into web/c001: ? is no path");
  }

  @Test
  void ofACrowdOfSocketsOnlySomeAreHeld() {
    assertThat(
            LxcNested.sockets(
                IntStream.range(0, 100_000)
                    .mapToObj("0: 2 0 10000 1 1 7 @/lxc/%d/command"::formatted),
                PLACE))
        .hasSizeLessThanOrEqualTo(1024)
        .contains("@/lxc/0/command");
    assertThat(
            LxcNested.sockets(
                List.of(
                    "Num RefCount Protocol Flags Type St Inode Path",
                    "0: 2 0 10000 1 1 7 @/other/inner/command",
                    "0: 2 0 10000 1 1 8 /run/kapsel.sock",
                    "0: 2 0 10000 1 1 9")
                    .stream(),
                PLACE))
        .containsExactly("/run/kapsel.sock");
  }
}
