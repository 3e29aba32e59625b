// SPDX-License-Identifier: Apache-2.0
#include "softcuda/rectangle_copy.h"

#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/block_linear.h"
#include "base/checked.h"
#include "softcuda/array.h"

namespace opennvsci::softcuda {
namespace {

struct Extent {
    std::size_t width;  // bytes
    std::size_t rows;
    std::size_t slices;
};

/// One end of a copy, as the caller describes it.
struct End {
    std::size_t x;  // bytes
    std::size_t y;
    std::size_t z;
    std::size_t level;
    CUmemorytype type;
    const void* host;
    CUdeviceptr device;
    CUarray array;
    std::size_t pitch;   // bytes from row to row
    std::size_t height;  // rows from slice to slice
};

/// One end after it was checked: rows in memory that is pinned, or a part of an array, which it holds.
struct Place {
    unsigned char* first = nullptr;  // the first byte, if rows in memory
    std::size_t pitch = 0;
    std::size_t slice_pitch = 0;
    bool pageable = false;

    std::shared_ptr<const Array> array;
    block_linear::Rectangle part{};
};

End source_of(const CUDA_MEMCPY3D& copy) noexcept {
    return {copy.srcXInBytes, copy.srcY,      copy.srcZ,     copy.srcLOD,   copy.srcMemoryType,
            copy.srcHost,     copy.srcDevice, copy.srcArray, copy.srcPitch, copy.srcHeight};
}

End destination_of(const CUDA_MEMCPY3D& copy) noexcept {
    return {copy.dstXInBytes, copy.dstY,      copy.dstZ,     copy.dstLOD,   copy.dstMemoryType,
            copy.dstHost,     copy.dstDevice, copy.dstArray, copy.dstPitch, copy.dstHeight};
}

/// The distance from the byte at (0, 0, 0) to the one at (x, y, z); nothing on overflow.
std::optional<std::size_t> distance(const End& end, std::size_t x, std::size_t y, std::size_t z) noexcept {
    const auto slices = checked::multiply(z, end.height);
    const auto rows = slices ? checked::add(*slices, y) : std::nullopt;
    const auto bytes = rows ? checked::multiply(*rows, end.pitch) : std::nullopt;
    return bytes ? checked::add(*bytes, x) : std::nullopt;
}

/// True if `given`, a pitch or a slice height, holds `size` from `start`; where none is given, if one piece is all.
bool holds(std::size_t given, std::size_t start, std::size_t size, bool one_piece) noexcept {
    return given == 0 ? one_piece : checked::window_fits(start, size, given);
}

CUresult locate_in_memory(const Context& context, const End& end, Operand base, const Extent& extent,
                          CUmemAccess_flags needed, Pins& pins, Place& place) {
    const bool one_slice = extent.slices == 1;
    if (!holds(end.pitch, end.x, extent.width, one_slice && extent.rows == 1)) return CUDA_ERROR_INVALID_VALUE;
    if (!holds(end.height, end.y, extent.rows, one_slice)) return CUDA_ERROR_INVALID_VALUE;
    const auto start = distance(end, end.x, end.y, end.z);
    const auto span = distance(end, extent.width, extent.rows - 1, extent.slices - 1);
    if (base.address == 0 || !start || !span) return CUDA_ERROR_INVALID_VALUE;
    const auto address = checked::add<std::size_t>(base.address, *start);
    if (!address) return CUDA_ERROR_INVALID_VALUE;
    if (!pin_operand(context, {*address, base.side}, *span, needed, pins, place.pageable)) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    place.first = reinterpret_cast<unsigned char*>(*address);
    place.pitch = end.pitch;
    place.slice_pitch = end.pitch * end.height;
    return CUDA_SUCCESS;
}

CUresult locate_in_array(const End& end, const Extent& extent, Unit unit, Place& place) {
    std::shared_ptr<Array> array;
    if (const CUresult result = find_array(end.array, array); result != CUDA_SUCCESS) return result;
    const std::size_t element = array->element_size();
    const CUDA_ARRAY3D_DESCRIPTOR& desc = array->description();
    const bool inside = checked::window_fits(end.x, extent.width, desc.Width * element) &&
                        checked::window_fits(end.y, extent.rows, array->rows()) && end.z == 0 && extent.slices == 1;
    const bool whole_elements = end.x % element == 0 && extent.width % element == 0;
    if (!inside || (unit == Unit::element && !whole_elements) || array->storage() == nullptr)
        return CUDA_ERROR_INVALID_VALUE;
    place.array = std::move(array);
    place.part = {end.x, end.y, extent.width, extent.rows};
    return CUDA_SUCCESS;
}

CUresult locate(const Context& context, const End& end, const Extent& extent, Unit unit, CUmemAccess_flags needed,
                Pins& pins, Place& place) {
    if (end.level != 0) return CUDA_ERROR_INVALID_VALUE;
    switch (end.type) {
        case CU_MEMORYTYPE_HOST: {
            const Operand base{reinterpret_cast<std::uintptr_t>(end.host), Side::host};
            return locate_in_memory(context, end, base, extent, needed, pins, place);
        }
        case CU_MEMORYTYPE_DEVICE:
            return locate_in_memory(context, end, {end.device, Side::device}, extent, needed, pins, place);
        case CU_MEMORYTYPE_UNIFIED:  // an address of either kind, which host memory's rules allow
            return locate_in_memory(context, end, {end.device, Side::host}, extent, needed, pins, place);
        case CU_MEMORYTYPE_ARRAY:
            return locate_in_array(end, extent, unit, place);
    }
    return CUDA_ERROR_INVALID_VALUE;
}

void move_between_arrays(const Place& to, const Place& from, std::vector<unsigned char>& row) {
    block_linear::Rectangle source{from.part.xb, from.part.y, from.part.width, 1};
    block_linear::Rectangle destination{to.part.xb, to.part.y, to.part.width, 1};
    for (std::uint64_t done = 0; done < from.part.rows; ++done, ++source.y, ++destination.y) {
        block_linear::read(from.array->layout(), from.array->storage(), source, row.data(), row.size());
        block_linear::write(to.array->layout(), to.array->storage(), destination, row.data(), row.size());
    }
}

void move_between_rows(const Place& to, const Place& from, const Extent& extent) {
    for (std::size_t z = 0; z < extent.slices; ++z) {
        for (std::size_t y = 0; y < extent.rows; ++y) {
            std::memmove(to.first + z * to.slice_pitch + y * to.pitch,
                         from.first + z * from.slice_pitch + y * from.pitch, extent.width);
        }
    }
}

void move(const Place& to, const Place& from, const Extent& extent, std::vector<unsigned char>* buffer) {
    if (to.array != nullptr && from.array != nullptr) {
        move_between_arrays(to, from, *buffer);
    } else if (to.array != nullptr) {
        block_linear::write(to.array->layout(), to.array->storage(), to.part, from.first, from.pitch);
    } else if (from.array != nullptr) {
        block_linear::read(from.array->layout(), from.array->storage(), from.part, to.first, to.pitch);
    } else {
        move_between_rows(to, from, extent);
    }
}

}  // namespace

CUDA_MEMCPY3D as_one_slice(const CUDA_MEMCPY2D& copy) noexcept {
    CUDA_MEMCPY3D slice{};
    slice.srcXInBytes = copy.srcXInBytes;
    slice.srcY = copy.srcY;
    slice.srcMemoryType = copy.srcMemoryType;
    slice.srcHost = copy.srcHost;
    slice.srcDevice = copy.srcDevice;
    slice.srcArray = copy.srcArray;
    slice.srcPitch = copy.srcPitch;
    slice.dstXInBytes = copy.dstXInBytes;
    slice.dstY = copy.dstY;
    slice.dstMemoryType = copy.dstMemoryType;
    slice.dstHost = copy.dstHost;
    slice.dstDevice = copy.dstDevice;
    slice.dstArray = copy.dstArray;
    slice.dstPitch = copy.dstPitch;
    slice.WidthInBytes = copy.WidthInBytes;
    slice.Height = copy.Height;
    slice.Depth = 1;
    return slice;
}

CUDA_MEMCPY3D without_contexts(const CUDA_MEMCPY3D_PEER& copy) noexcept {
    // The two differ in nothing but what stands in the place of the reserved pointers.
    CUDA_MEMCPY3D plain;
    static_assert(sizeof plain == sizeof copy);
    std::memcpy(&plain, &copy, sizeof plain);
    plain.reserved0 = nullptr;
    plain.reserved1 = nullptr;
    return plain;
}

CUresult copy_rectangles(Parties parties, Stream& stream, const CUDA_MEMCPY3D& copy, Unit unit, Return when) {
    const Extent extent{copy.WidthInBytes, copy.Height, copy.Depth};
    if (extent.width == 0 || extent.rows == 0 || extent.slices == 0) return CUDA_SUCCESS;
    Pins pins;
    Place from;
    Place to;
    CUresult result = locate(parties.source, source_of(copy), extent, unit, CU_MEM_ACCESS_FLAGS_PROT_READ, pins, from);
    if (result != CUDA_SUCCESS) return result;
    result =
        locate(parties.destination, destination_of(copy), extent, unit, CU_MEM_ACCESS_FLAGS_PROT_READWRITE, pins, to);
    if (result != CUDA_SUCCESS) return result;

    // Allocated here: once the work runs, nobody can be told that memory lacks.
    std::shared_ptr<std::vector<unsigned char>> buffer;
    if (from.array != nullptr && to.array != nullptr) {
        buffer = std::make_shared<std::vector<unsigned char>>(extent.width);
    } else if (from.pageable && when == Return::when_submitted) {
        buffer = std::make_shared<std::vector<unsigned char>>(extent.width * extent.rows * extent.slices);
        const Place packed{buffer->data(), extent.width, extent.width * extent.rows, false, nullptr, {}};
        move_between_rows(packed, from, extent);
        from = packed;
    }
    if (to.pageable) when = Return::when_done;
    Work work = [to = std::move(to), from = std::move(from), extent, buffer = std::move(buffer),
                 pins = std::move(pins)] { move(to, from, extent, buffer.get()); };
    return run(stream, std::move(work), when);
}

}  // namespace opennvsci::softcuda
