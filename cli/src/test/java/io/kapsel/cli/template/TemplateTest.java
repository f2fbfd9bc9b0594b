package io.kapsel.cli.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The language of {@code --format}; the expectations were printed by Go's text/template. */
class TemplateTest {
  private static final Struct DATA =
      new Struct()
          .with("Name", "/web")
          .with("Pid", 42L)
          .with("Up", true)
          .with("Load", 0.5)
          .with("None", null)
          .with("Nil", NilMap.unlessEmpty(Map.of()))
          .with("Cmd", List.of("sh", "-c", "true"))
          .with("Labels", new TreeMap<>(Map.of("b", "2", "a", "1")))
          .with("State", new Struct().with("Status", "running").with("Code", 0L))
          .with("Label", (Method) arguments -> "label " + arguments.getFirst());

  private static String go(String template) {
    return Template.parse(template).execute(DATA);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      ignoreLeadingAndTrailingWhitespace = false,
      quoteCharacter = '~',
      value = {
        "{{.Name}}#/web",
        "a{{.Pid}}b#a42b",
        "{{ .State.Status }}#running",
        "{{.State}}#{running 0}",
        "{{.Cmd}}#[sh -c true]",
        "{{.Labels}}#map[a:1 b:2]",
        "{{.Labels.zz}}#<no value>",
        "{{.None}}#<no value>",
        "{{.Nil}} {{json .Nil}} {{len .Nil}}#map[] null 0",
        "{{.Nil.x}}{{with .Nil}}x{{else}}nothing{{end}}#<no value>nothing",
        "{{.Load}}#0.5",
        "{{json .}}#{\"Name\":\"/web\"}",
        "{{json .Cmd}}#[\"sh\",\"-c\",\"true\"]",
        "{{json .State}}#{\"Status\":\"running\",\"Code\":0}",
        "{{json .None}}#null",
        "{{join .Cmd \", \"}}#sh, -c, true",
        "{{.Cmd | json}}#[\"sh\",\"-c\",\"true\"]",
        "{{upper .Name}} {{lower \"AbC\"}} {{title \"ab cd\"}}#/WEB abc Ab Cd",
        "{{split \"a,b,c\" \",\"}}#[a b c]",
        "{{pad \"x\" 1 2}}|#~ x  |~",
        "{{truncate \"abcdef\" 3}}#abc",
        "{{len .Cmd}} {{len .Name}}#3 4",
        "{{index .Cmd 1}} {{index .Labels \"a\"}}#-c 1",
        "{{slice .Name 1 3}}#we",
        "{{index .Labels \"zz\"}}|#|",
        "{{if .Up}}yes{{else}}no{{end}}#yes",
        "{{if not .Up}}yes{{else if eq .Pid 42}}two{{else}}no{{end}}#two",
        "{{if and .Up (gt .Pid 41)}}ok{{end}}#ok",
        "{{or .None \"default\"}}#default",
        "{{with .State}}{{.Status}} of {{$.Name}}{{end}}#running of /web",
        "{{with .None}}x{{else}}nothing{{end}}#nothing",
        "{{range .Cmd}}<{{.}}>{{end}}#<sh><-c><true>",
        "{{range $i, $w := .Cmd}}{{$i}}={{$w}};{{end}}#0=sh;1=-c;2=true;",
        "{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}#a=1;b=2;",
        "{{range .None}}x{{else}}empty{{end}}#empty",
        "{{range .Cmd}}{{if eq . \"-c\"}}{{break}}{{end}}{{.}}{{end}}#sh",
        "{{range .Cmd}}{{if eq . \"-c\"}}{{continue}}{{end}}{{.}}{{end}}#shtrue",
        "{{$x := .Pid}}{{$x = 7}}{{$x}}#7",
        "{{printf \"%s-%05d|%-4s|%q|%x|%v|%.2f\" .Name .Pid \"a\" \"b\" 255 .Cmd 1.5}}#"
            + "/web-00042|a   |\"b\"|ff|[sh -c true]|1.50",
        "{{printf \"%d\" .Name}}#%!d(string=/web)",
        "{{printf \"%s\"}}#%!s(MISSING)",
        "{{println .Name .Pid}}#~/web 42\n~",
        "{{print 1 2 \"x\" 3}}#1 2x3",
        "a {{- /* gone */ -}} b#ab",
        "a {{- .Pid -}} b#a42b",
        "{{`raw \"text\"`}}#raw \"text\"",
        "{{\"tab\\there\"}}#~tab\there~",
        "{{.Label \"x\"}}#label x",
        "{{(index .Cmd 0) | upper}}#SH",
        "{{(.State).Status}}#running",
        "{{define \"t\"}}[{{.}}]{{end}}{{template \"t\" .Pid}}#[42]",
        "{{block \"b\" .Name}}<{{.}}>{{end}}#</web>",
        "{{eq .Name \"a\" \"/web\"}} {{ne 1 2}} {{le 2 2}} {{lt \"a\" \"b\"}}#true true true true",
        "{{html \"<a>\"}} {{urlquery \"a b&c\"}}#&lt;a&gt; a+b%26c",
        "{{true}} {{1.5e3}} {{0x1f}} {{'a'}}#true 1500 31 97",
      })
  void printsWhatGoPrints(String template, String expected) {
    if (template.equals("{{json .}}")) {
      assertThat(Template.parse(template).execute(new Struct().with("Name", "/web")))
          .isEqualTo(expected);
    } else {
      assertThat(go(template)).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '~',
      value = {
        "{{.Foo}}#template: :1:2: executing \"\" at <.Foo>: map has no entry for key \"Foo\"",
        "{{.Name.Foo}}#template: :1:2: executing \"\" at <.Name.Foo>:"
            + " can't evaluate field Foo in type string",
        "{{nope .Name}}#template: :1: function \"nope\" not defined",
        "{{.Name#template: :1: unclosed action",
        "{{if .Up}}x#template: :1: unexpected EOF",
        "{{end}}#template: :1: unexpected {{end}}",
        "{{\"abc}}#template: :1: unterminated quoted string",
        "{{index .Cmd 9}}#template: :1:2: executing \"\" at <index>:"
            + " error calling index: index out of range: 9",
        "{{lt 1 \"a\"}}#template: :1:2: executing \"\" at <lt>:"
            + " error calling lt: incompatible types for comparison",
        "{{.Name 1}}#template: :1:2: executing \"\" at <.Name>:"
            + " can't give argument to non-function",
        "{{$y}}#template: :1: undefined variable \"$y\"",
        "{{break}}#template: :1: {{break}} outside {{range}}",
        "{{template \"no\"}}#template: :1:2: executing \"\" at <{{template \"no\"}}>:"
            + " template \"no\" not defined",
      })
  void saysWhatIsWrongAsGoDoes(String template, String message) {
    assertThatThrownBy(() -> go(template))
        .isInstanceOf(TemplateException.class)
        .hasMessage(message);
  }

  @Test
  void aTemplateThatUsesItselfForEverEnds() {
    assertThatThrownBy(() -> go("{{define \"t\"}}{{template \"t\" .}}{{end}}{{template \"t\" .}}"))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("exceeded maximum template depth");
  }

  @Test
  void anyNestingEndsInAMessage() {
    assertThatThrownBy(() -> go("{{" + "(".repeat(5000) + "1" + ")".repeat(5000) + "}}"))
        .isInstanceOf(TemplateException.class);
    assertThatThrownBy(() -> go("{{if true}}".repeat(5000))).isInstanceOf(TemplateException.class);
  }

  @Test
  void anyTextIsATemplateOrRefused() {
    List<String> parts =
        new ArrayList<>(
            Arrays.asList(
                "{{", "}}", ".", "$", "|", "\"", "(", ")", "range ", "end", " ", "if ", "x", "-",
                ":=", "else", "`", "'", "1", "\\", "json "));
    java.security.SecureRandom random = new java.security.SecureRandom();
    for (int round = 0; round < 20_000; round++) {
      StringBuilder text = new StringBuilder("{{");
      for (int i = random.nextInt(12); i >= 0; i--) {
        text.append(parts.get(random.nextInt(parts.size())));
      }
      try {
        go(text.toString());
      } catch (TemplateException e) {
        assertThat(e.getMessage()).as(text.toString()).startsWith("template: ");
      }
    }
  }
}
