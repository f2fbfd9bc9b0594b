package io.kapsel.engine.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.engine.files.CopyPlan.Source;
import io.kapsel.engine.files.CopyPlan.Target;
import org.junit.jupiter.api.Test;

/** Where a copy goes. */
class CopyPlanTest {
  private static final Source FILE = new Source(false, "file");
  private static final Source TREE = new Source(true, "tree");
  private static final Source CONTENT = new Source(true, ".");

  @Test
  void intoADirectoryThatIsThere() {
    assertThat(CopyPlan.of(FILE, Target.DIRECTORY, "/a/b/"))
        .isEqualTo(new CopyPlan("/a/b", "file"));
    assertThat(CopyPlan.of(TREE, Target.DIRECTORY, "/")).isEqualTo(new CopyPlan("/", "tree"));
    assertThat(CopyPlan.of(CONTENT, Target.DIRECTORY, "/a")).isEqualTo(new CopyPlan("/a", "."));
  }

  @Test
  void underANewName() {
    assertThat(CopyPlan.of(FILE, Target.MISSING, "/a/new")).isEqualTo(new CopyPlan("/a", "new"));
    assertThat(CopyPlan.of(TREE, Target.MISSING, "/new/")).isEqualTo(new CopyPlan("/", "new"));
    assertThat(CopyPlan.of(CONTENT, Target.MISSING, "/a/new")).isEqualTo(new CopyPlan("/a", "new"));
    assertThat(CopyPlan.of(FILE, Target.FILE, "/a/old")).isEqualTo(new CopyPlan("/a", "old"));
  }

  @Test
  void aFileIsNoDirectory() {
    assertThatThrownBy(() -> CopyPlan.of(FILE, Target.MISSING, "/a/"))
        .hasMessage("no such directory");
    assertThatThrownBy(() -> CopyPlan.of(FILE, Target.MISSING, "/a/."))
        .hasMessage("no such directory");
    assertThatThrownBy(() -> CopyPlan.of(TREE, Target.FILE, "/a"))
        .hasMessage("cannot copy directory");
  }

  @Test
  void pathsAreCleaned() {
    assertThat(PathText.clean("/a//b/./../c/")).isEqualTo("/a/c");
    assertThat(PathText.clean("/../..")).isEqualTo("/");
    assertThat(PathText.parent("/a")).isEqualTo("/");
    assertThat(PathText.base("/a/b")).isEqualTo("b");
    assertThat(PathText.saysDirectory("/a/.")).isTrue();
    assertThat(PathText.saysContent("/a/")).isFalse();
  }
}
