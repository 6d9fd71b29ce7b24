#include "runtime/audit/source_lines.hpp"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

namespace midden::inline MIDDEN_ABI::runtime {

namespace {

constexpr Dwfl_Callbacks callbacks{
    .find_elf = dwfl_linux_proc_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = nullptr,
    .debuginfo_path = nullptr,
};

std::string text_of(const char* file, Dwarf_Word line) {
  return file == nullptr ? std::string() : std::string(file) + ":" + std::to_string(line);
}

// The compilation unit of an address, which then counts from `bias`.
Dwarf_Die* unit_of(Dwfl_Module* module, Dwarf_Addr address, Dwarf_Addr& bias) {
  Dwarf_Die* const found = dwfl_module_addrdie(module, address, &bias);
  if (found != nullptr && dwarf_haspc(found, address - bias) == 1) return found;
  // Clang leaves its units out of the table that was asked, which may then answer with another compiler's.
  for (Dwarf_Die* unit = nullptr; (unit = dwfl_module_nextcu(module, unit, &bias)) != nullptr;) {
    if (dwarf_haspc(unit, address - bias) == 1) return unit;
  }
  return nullptr;
}

std::string line_in(Dwarf_Die* unit, Dwarf_Addr address) {
  Dwarf_Line* const line = dwarf_getsrc_die(unit, address);
  int number = 0;
  if (line == nullptr || dwarf_lineno(line, &number) != 0) return {};
  return text_of(dwarf_linesrc(line, nullptr, nullptr), static_cast<Dwarf_Word>(number));
}

Dwarf_Word number_of(Dwarf_Die* die, unsigned attribute) {
  Dwarf_Attribute found;
  Dwarf_Word number = 0;
  if (dwarf_attr(die, attribute, &found) != nullptr) dwarf_formudata(&found, &number);
  return number;
}

// Where a function was called that was put into its caller.
std::string call_line(Dwarf_Die* unit, Dwarf_Die* inlined) {
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  if (dwarf_getsrcfiles(unit, &files, &count) != 0) return {};
  const Dwarf_Word file = number_of(inlined, DW_AT_call_file);
  return file < count ? text_of(dwarf_filesrc(files, file, nullptr, nullptr), number_of(inlined, DW_AT_call_line)) : "";
}

// With the namespaces and classes around it: those of its declaration.
std::string name_of(Dwarf_Die function) {
  for (const unsigned origin : {DW_AT_abstract_origin, DW_AT_specification}) {
    Dwarf_Attribute reference;
    if (dwarf_attr(&function, origin, &reference) != nullptr) dwarf_formref_die(&reference, &function);
  }
  Dwarf_Die* scopes = nullptr;
  const int count = dwarf_getscopes_die(&function, &scopes);
  const std::unique_ptr<Dwarf_Die, void (*)(void*)> held(scopes, std::free);
  std::string name;
  for (int i = 0; i < count && dwarf_tag(&scopes[i]) != DW_TAG_compile_unit; ++i) {
    const char* const part = dwarf_diename(&scopes[i]);
    name.insert(0, std::string(part == nullptr ? "(anonymous)" : part) + (i == 0 ? "" : "::"));
  }
  return name;
}

}  // namespace

SourceLines::SourceLines() {
  Dwfl* const session = dwfl_begin(&callbacks);
  session_ = session;
  if (session == nullptr) return;
  dwfl_linux_proc_report(session, ::getpid());
  dwfl_report_end(session, nullptr, nullptr);
}

SourceLines::~SourceLines() { dwfl_end(static_cast<Dwfl*>(session_)); }

std::vector<Position> SourceLines::of_call(const void* address) const {
  const auto inside = static_cast<Dwarf_Addr>(reinterpret_cast<std::uintptr_t>(address)) - 1;
  Dwfl_Module* const module = session_ == nullptr ? nullptr : dwfl_addrmodule(static_cast<Dwfl*>(session_), inside);
  Dwarf_Addr bias = 0;
  Dwarf_Die* const unit = module == nullptr ? nullptr : unit_of(module, inside, bias);
  if (unit == nullptr) return {};
  std::string line = line_in(unit, inside - bias);
  Dwarf_Die* scopes = nullptr;
  const int count = dwarf_getscopes(unit, inside - bias, &scopes);
  const std::unique_ptr<Dwarf_Die, void (*)(void*)> held(scopes, std::free);
  std::vector<Position> positions;
  for (int i = 0; i < count; ++i) {
    const int tag = dwarf_tag(&scopes[i]);
    if (tag == DW_TAG_inlined_subroutine) {
      positions.push_back({name_of(scopes[i]), std::exchange(line, call_line(unit, &scopes[i]))});
    } else if (tag == DW_TAG_subprogram) {
      positions.push_back({name_of(scopes[i]), line});
      return positions;
    }
  }
  positions.push_back({{}, line});
  return positions;
}

}  // namespace midden::inline MIDDEN_ABI::runtime
